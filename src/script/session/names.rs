//! The names that a session knows, and the shapes of their values: what completion goes by.

use rhai::{Array, Dynamic, Map};
use std::any::TypeId;

/// What was defined so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// By name, sorted.
    pub(crate) variables: Vec<Variable>,
    /// The script's own functions.
    pub(crate) functions: Vec<Defined>,
    /// What was imported, under the name that it was given.
    pub(crate) modules: Vec<ImportedModule>,
}

/// A variable.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) is_constant: bool,
    pub(crate) shape: Shape,
}

/// A function that was typed in, or that a module exports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Defined {
    pub(crate) name: String,
    pub(crate) parameters: Vec<String>,
    pub(crate) documentation: String,
}

impl Defined {
    /// As it is called.
    pub(crate) fn signature(&self) -> String {
        format!("{}({})", self.name, self.parameters.join(", "))
    }
}

/// A module.
#[derive(Clone, Debug)]
pub(crate) struct ImportedModule {
    pub(crate) name: String,
    pub(crate) functions: Vec<Defined>,
    pub(crate) constants: Vec<String>,
}

/// What a value looks like from outside: enough to complete what may stand behind it.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// What to look methods up by.
    pub(crate) type_id: TypeId,
    /// As the script calls it.
    pub(crate) type_name: String,
    /// A map's.
    pub(crate) keys: Vec<(String, Shape)>,
    /// An array's first.
    pub(crate) element: Option<Box<Shape>>,
}

/// Deep enough for what people type dots behind.
const MAX_DEPTH: usize = 4;
const MAX_KEYS: usize = 200;

impl Shape {
    /// The shape of a value; `type_name` says what a script calls the type of a value.
    pub(crate) fn of(value: &Dynamic, type_name: &dyn Fn(&Dynamic) -> String) -> Self {
        Self::at_depth(value, type_name, 0)
    }

    fn at_depth(value: &Dynamic, type_name: &dyn Fn(&Dynamic) -> String, depth: usize) -> Self {
        let mut shape =
            Self { type_id: value.type_id(), type_name: type_name(value), keys: Vec::new(), element: None };
        if depth == MAX_DEPTH {
            return shape;
        }
        let below = |value: &Dynamic| Self::at_depth(value, type_name, depth + 1);
        if let Some(map) = value.read_lock::<Map>() {
            shape.keys =
                map.iter().take(MAX_KEYS).map(|(key, value)| (key.to_string(), below(value))).collect();
        } else if let Some(array) = value.read_lock::<Array>() {
            shape.element = array.first().map(|first| Box::new(below(first)));
        }
        shape
    }
}
