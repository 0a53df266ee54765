//! What stands before a dot: its type, worked out without running anything.

use super::{
    scan::{Kind, Scan},
    vocabulary::Vocabulary,
};
use crate::script::session::{Names, Shape};
use rhai::{Array, ImmutableString, Map};
use std::any::TypeId;

/// What is known of an expression.
#[derive(Clone, Debug)]
pub(super) enum Receiver {
    /// A value that is there.
    Value(Shape),
    /// A type.
    Type(TypeId),
    /// Nothing.
    Unknown,
}

/// Reads expressions backwards from where they end.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) scan: &'a Scan,
    pub(super) names: &'a Names,
    pub(super) vocabulary: &'a Vocabulary,
}

impl Reader<'_> {
    /// What the expression is whose last span has this index.
    pub(super) fn ending_at(&self, last: usize) -> Receiver {
        match self.kind(last) {
            Kind::Command => self.named("Command"),
            Kind::Text => Receiver::Type(TypeId::of::<ImmutableString>()),
            Kind::Constant => self.constant(last),
            Kind::Name => self.name(last),
            Kind::Symbol => match self.word(last) {
                ")" => self.call(last),
                "]" => self.element(last),
                "}" => self.braces(last),
                _ => Receiver::Unknown,
            },
            _ => Receiver::Unknown,
        }
    }

    fn kind(&self, index: usize) -> Kind {
        self.scan.spans[index].1
    }

    fn word(&self, index: usize) -> &str {
        &self.text[self.scan.spans[index].0.clone()]
    }

    fn named(&self, type_name: &str) -> Receiver {
        self.vocabulary.type_named(type_name).map_or(Receiver::Unknown, Receiver::Type)
    }

    fn constant(&self, last: usize) -> Receiver {
        match self.word(last) {
            "true" | "false" => Receiver::Type(TypeId::of::<bool>()),
            number if number.contains('.') => Receiver::Type(TypeId::of::<f64>()),
            _ => Receiver::Type(TypeId::of::<i64>()),
        }
    }

    /// A variable, or a property of what stands before it.
    fn name(&self, last: usize) -> Receiver {
        let word = self.word(last);
        if let Some(object) = self.object_of(last) {
            return match self.ending_at(object) {
                Receiver::Value(shape) if !shape.keys.is_empty() => {
                    let value = shape.keys.into_iter().find(|(key, _)| key == word);
                    value.map_or(Receiver::Unknown, |(_, shape)| Receiver::Value(shape))
                }
                receiver => self.result_of_member(&receiver, word),
            };
        }
        let variable = self.names.variables.iter().find(|variable| variable.name == word);
        variable.map_or(Receiver::Unknown, |variable| Receiver::Value(variable.shape.clone()))
    }

    /// The index of the last span of what the dot before this span belongs to.
    fn object_of(&self, index: usize) -> Option<usize> {
        let dot = index.checked_sub(1)?;
        (self.word(dot) == ".").then_some(())?;
        // `?.` is a dot too.
        let before = dot.checked_sub(1)?;
        if self.word(before) == "?" { before.checked_sub(1) } else { Some(before) }
    }

    /// A call's result, or what is in parentheses.
    fn call(&self, last: usize) -> Receiver {
        let Some(open) = self.opening(last) else { return Receiver::Unknown };
        let callee = open.checked_sub(1).filter(|callee| self.kind(*callee) == Kind::Call);
        match callee {
            Some(callee) => match self.object_of(callee) {
                Some(object) => self.result_of_member(&self.ending_at(object), self.word(callee)),
                None => self.result_of_function(self.word(callee)),
            },
            None if self.has_command(open, last) => self.named("Command"),
            None if last > open + 1 => self.ending_at(last - 1),
            None => Receiver::Unknown,
        }
    }

    /// Whether commands stand in these parentheses: one, or several joined by `|`.
    fn has_command(&self, open: usize, close: usize) -> bool {
        (open + 1..close).any(|index| self.kind(index) == Kind::Command)
    }

    /// An array, or an element of what stands before the bracket.
    fn element(&self, last: usize) -> Receiver {
        let Some(open) = self.opening(last) else { return Receiver::Unknown };
        let before = open
            .checked_sub(1)
            .filter(|before| self.kind(*before) == Kind::Name || matches!(self.word(*before), ")" | "]"));
        let Some(before) = before else { return Receiver::Type(TypeId::of::<Array>()) };
        match self.ending_at(before) {
            Receiver::Value(Shape { element: Some(element), .. }) => Receiver::Value(*element),
            _ => Receiver::Unknown,
        }
    }

    fn braces(&self, last: usize) -> Receiver {
        let is_map = self
            .opening(last)
            .and_then(|open| open.checked_sub(1))
            .is_some_and(|before| self.word(before) == "#");
        if is_map { Receiver::Type(TypeId::of::<Map>()) } else { Receiver::Unknown }
    }

    /// The bracket that this one closes.
    fn opening(&self, close: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for index in (0..=close).rev() {
            let (closes, opens) = match (self.kind(index), self.word(index)) {
                (Kind::Symbol, ")" | "]" | "}") | (Kind::Hole, "}") => (true, false),
                (Kind::Symbol, "(" | "[" | "{") | (Kind::Hole, "${") => (false, true),
                _ => (false, false),
            };
            depth += usize::from(closes);
            if opens {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(index);
                }
            }
        }
        None
    }

    fn result_of_member(&self, receiver: &Receiver, name: &str) -> Receiver {
        let id = match receiver {
            Receiver::Value(shape) => shape.type_id,
            Receiver::Type(id) => *id,
            Receiver::Unknown => return Receiver::Unknown,
        };
        let mut methods = self.vocabulary.methods_of(id);
        methods
            .find(|method| method.name == name)
            .map_or(Receiver::Unknown, |method| self.named(&method.result))
    }

    fn result_of_function(&self, name: &str) -> Receiver {
        let function = self.vocabulary.free_functions().find(|function| function.name == name);
        function.map_or(Receiver::Unknown, |function| self.named(&function.result))
    }
}
