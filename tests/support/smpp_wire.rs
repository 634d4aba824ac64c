//! The few PDUs of SMPP 3.4 that a message centre of a test reads and writes.

use tokio::io::{AsyncRead, AsyncReadExt as _};

pub const BIND_TRANSCEIVER: u32 = 9;
pub const SUBMIT_SM: u32 = 4;
pub const ENQUIRE_LINK: u32 = 0x15;
pub const UNBIND: u32 = 6;
const RESPONSE: u32 = 0x8000_0000;

/// The head of a PDU; its body is still to be read.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    pub command: u32,
    pub sequence: u32,
    length: usize,
}

/// `None`: the connection ended.
pub async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Option<Head> {
    let mut octets = [0; 16];
    stream.read_exact(&mut octets).await.ok()?;
    let field = |at: usize| u32::from_be_bytes(octets[at..at + 4].try_into().unwrap());
    Some(Head { command: field(4), sequence: field(12), length: field(0) as usize - 16 })
}

pub async fn body(stream: &mut (impl AsyncRead + Unpin), head: Head) -> Option<Vec<u8>> {
    let mut octets = vec![0; head.length];
    stream.read_exact(&mut octets).await.ok()?;
    Some(octets)
}

/// The answer to a request.
pub fn answer(to: Head, status: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + body.len()).unwrap();
    let mut octets = Vec::new();
    for field in [length, to.command | RESPONSE, status, to.sequence] {
        octets.extend(field.to_be_bytes());
    }
    octets.extend(body);
    octets
}

/// One `submit_sm`.
#[derive(Clone, Debug)]
pub struct Submit {
    pub to: String,
    pub data_coding: u8,
    /// Of a part of a long text: its reference, how many there are, and which it is.
    pub part: Option<(u8, u8, u8)>,
    /// Without the header of a part.
    pub octets: Vec<u8>,
    /// `user_message_reference`.
    pub reference: Vec<u8>,
}

impl Submit {
    pub fn read(body: &[u8]) -> Self {
        let mut rest = body;
        let string = |rest: &mut &[u8]| {
            let end = rest.iter().position(|octet| *octet == 0).unwrap();
            let text = String::from_utf8(rest[..end].to_vec()).unwrap();
            *rest = &rest[end + 1..];
            text
        };
        // service_type, then source and destination, each behind its two kinds.
        string(&mut rest);
        rest = &rest[2..];
        string(&mut rest);
        rest = &rest[2..];
        let to = string(&mut rest);
        let esm_class = rest[0];
        rest = &rest[3..];
        // When it is to be delivered, and until when.
        string(&mut rest);
        string(&mut rest);
        let [_, _, data_coding, _, length, ..] = *rest else { panic!("{body:?}") };
        let (text, tlvs) = rest[5..].split_at(usize::from(length));
        assert_eq!(&tlvs[..4], [2, 4, 0, 2], "the user_message_reference");
        let (part, octets) = match (esm_class & 0x40, text) {
            (0, text) => (None, text),
            (_, [5, 0, 3, reference, total, number, text @ ..]) => {
                (Some((*reference, *total, *number)), text)
            }
            (_, other) => panic!("{other:?}"),
        };
        Self { to, data_coding, part, octets: octets.to_vec(), reference: tlvs[4..6].to_vec() }
    }
}

/// What a text says, as far as these tests write: ASCII in the default alphabet, else UCS-2.
pub fn words(octets: &[u8], data_coding: u8) -> String {
    match data_coding {
        8 => {
            let units = octets.chunks(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
            String::from_utf16(&units.collect::<Vec<_>>()).unwrap()
        }
        _ => String::from_utf8_lossy(octets).into_owned(),
    }
}
