//! The rows of a list: their order, and which one the hand is on.
//!
//! The selection is a thing, not a position: whatever comes or goes, the hand stays on the same
//! thing. Only when that thing is gone does it move to what took its place.

/// Keys in the order shown.
#[derive(Clone, Debug)]
pub struct Rows<K> {
    order: Vec<K>,
    selected: Option<K>,
    /// New rows that wait until the hand rests, in the order that is wanted.
    waiting: Vec<K>,
    /// The order is no longer the one that is wanted.
    stale: bool,
    /// To be acted on together; only those in the list count.
    marked: Vec<K>,
}

impl<K> Default for Rows<K> {
    fn default() -> Self {
        Self { order: Vec::new(), selected: None, waiting: Vec::new(), stale: false, marked: Vec::new() }
    }
}

impl<K: Clone + PartialEq> Rows<K> {
    pub fn order(&self) -> &[K] {
        &self.order
    }

    pub fn selected(&self) -> Option<&K> {
        self.selected.as_ref()
    }

    pub fn waiting(&self) -> &[K] {
        &self.waiting
    }

    /// Rows have come or gone, or would change places, once the hand is off.
    pub fn is_stale(&self) -> bool {
        self.stale
    }

    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub fn index(&self) -> Option<usize> {
        let selected = self.selected.as_ref()?;
        self.order.iter().position(|key| key == selected)
    }

    /// Takes a new order. The selection stays; if its row is gone, the row that took its place gets it.
    pub fn arrange(&mut self, order: Vec<K>) {
        let before = self.index().unwrap_or(0);
        self.order = order;
        self.waiting.clear();
        self.stale = false;
        if self.index().is_none() {
            let last = self.order.len().saturating_sub(1);
            self.selected = self.order.get(before.min(last)).cloned();
        }
    }

    /// Puts the row that the hand is on where it stood, if the new order has it no more.
    pub fn with_selected(&self, order: &mut Vec<K>) {
        if let (Some(selected), Some(at)) = (&self.selected, self.index())
            && !order.contains(selected)
        {
            order.insert(at.min(order.len()), selected.clone());
        }
    }

    /// Leaves every row where it is and only counts what `wanted` has more.
    pub fn keep(&mut self, wanted: &[K]) {
        if self.order.is_empty() {
            self.arrange(wanted.to_vec());
        } else {
            self.waiting = wanted.iter().filter(|key| !self.order.contains(key)).cloned().collect();
            self.stale = self.order != wanted;
        }
    }

    /// Marks the row that the hand is on, or no longer, and goes on to the next.
    pub fn mark(&mut self) {
        let Some(key) = self.selected.clone().filter(|key| self.order.contains(key)) else { return };
        match self.marked.iter().position(|marked| *marked == key) {
            Some(at) => drop(self.marked.remove(at)),
            None => self.marked.push(key),
        }
        self.step(1);
    }

    /// Marks these as well; where all of them are marked already, none is any more.
    pub fn mark_these(&mut self, keys: Vec<K>) {
        if keys.iter().all(|key| self.marked.contains(key)) {
            self.marked.clear();
            return;
        }
        for key in keys {
            if !self.marked.contains(&key) {
                self.marked.push(key);
            }
        }
    }

    /// Marks all rows, at most so many; where they are marked already, none.
    pub fn mark_all(&mut self, most: usize) {
        let all = self.order.iter().take(most).cloned().collect();
        self.mark_these(all);
    }

    /// `false`: nothing was marked.
    pub fn unmark(&mut self) -> bool {
        !std::mem::take(&mut self.marked).is_empty()
    }

    pub fn is_marked(&self, key: &K) -> bool {
        self.marked.contains(key)
    }

    /// The marked rows that are in the list, in its order.
    pub fn marked(&self) -> impl Iterator<Item = &K> {
        self.order.iter().filter(|key| self.marked.contains(key))
    }

    pub fn select(&mut self, key: &K) -> bool {
        let known = self.order.contains(key);
        if known {
            self.selected = Some(key.clone());
        }
        known
    }

    pub fn step(&mut self, by: isize) {
        if let Some(last) = self.order.len().checked_sub(1) {
            let at = self.index().unwrap_or(0).saturating_add_signed(by).min(last);
            self.selected = Some(self.order[at].clone());
        }
    }

    pub fn first(&mut self) {
        self.selected = self.order.first().cloned();
    }

    pub fn last(&mut self) {
        self.selected = self.order.last().cloned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hand_stays_on_the_same_thing() {
        let mut rows = Rows::default();
        rows.arrange(vec!['b', 'c', 'd']);
        rows.step(1);
        rows.keep(&['a', 'b', 'c', 'd']);
        assert_eq!((rows.order(), rows.waiting().len()), (&['b', 'c', 'd'][..], 1));
        rows.arrange(vec!['a', 'b', 'c', 'd']);
        assert_eq!((rows.selected(), rows.waiting().len()), (Some(&'c'), 0));
        rows.arrange(vec!['a', 'b', 'd']);
        assert_eq!(rows.selected(), Some(&'d'));
        rows.keep(&['d', 'a']);
        assert!(rows.is_stale() && rows.waiting().is_empty(), "another order waits, and nothing new");
        rows.arrange(vec![]);
        assert!(!rows.is_stale());
        assert_eq!(rows.selected(), None);
    }
}
