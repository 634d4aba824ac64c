//! Whether somebody sits here for the first time: an empty file says that they have found the keys.

use std::path::PathBuf;

#[derive(Clone, Debug)]
pub struct Newcomer {
    file: PathBuf,
}

impl Newcomer {
    pub fn new(file: PathBuf) -> Self {
        Self { file }
    }

    pub fn is_here(&self) -> bool {
        !self.file.exists()
    }

    /// They know where the keys are. Where that cannot be kept, they are told again next time.
    pub fn seen(&self) {
        let _ = std::fs::File::create_new(&self.file);
    }
}
