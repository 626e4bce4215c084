//! Of the many things a config can ask for, the few that are known of this visitor.

/// Entries by index, as few as there are.
#[derive(Clone, Debug, PartialEq)]
pub struct Sparse<T>(Vec<(usize, T)>);

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Sparse(Vec::new())
    }
}

impl<T: Default> Sparse<T> {
    fn place(&self, index: usize) -> usize {
        self.0.partition_point(|(known, _)| *known < index)
    }

    /// What is known at an index.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&T> {
        let entry = self.0.get(self.place(index));
        entry.filter(|(known, _)| *known == index).map(|(_, entry)| entry)
    }

    /// What is known at an index, to be changed; nothing yet, at first.
    pub fn entry(&mut self, index: usize) -> Option<&mut T> {
        let place = self.place(index);
        if self.0.get(place).is_none_or(|(known, _)| *known != index) {
            self.0.insert(place, (index, T::default()));
        }
        self.0.get_mut(place).map(|(_, entry)| entry)
    }

    /// All that is known.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        self.0.iter().map(|(index, entry)| (*index, entry))
    }

    /// All that is known, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (usize, &mut T)> {
        self.0.iter_mut().map(|(index, entry)| (*index, entry))
    }
}
