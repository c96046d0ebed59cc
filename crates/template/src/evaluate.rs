//! Walks a checked template and writes what it says, step by step within its budget.
//!
//! gotmpl parses; its own executor is not used, because it cannot be bounded, knows no bytes and no
//! shared maps, and quotes values in its errors.

use gotmpl::parse::{BranchNode, ListNode, Node, PipeNode, Pos, SmolStr, TemplateNode};

use crate::date::Time;
use crate::dialect::MissingKey;
use crate::engine::Rendered;
use crate::entropy::Stream;
use crate::error::{Failure, Fault, TemplateError};
use crate::limits::Limits;
use crate::meter::{Buffer, Meter};
use crate::print;
use crate::program::Program;
use crate::value::{Elem, List, Value};

/// One render.
pub(crate) struct Machine<'p> {
    pub(crate) program: &'p Program<'p>,
    pub(crate) meter: Meter,
    pub(crate) variables: Vec<(SmolStr, Value)>,
    pub(crate) missing_key: MissingKey,
    pub(crate) now: Option<Time>,
    pub(crate) stream: Option<Stream>,
    output: Buffer,
    depth: usize,
    deepest: usize,
    root: Value,
}

/// How a list of nodes ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

type Step<T> = Result<T, TemplateError>;

impl<'p> Machine<'p> {
    pub(crate) fn new(program: &'p Program<'p>, limits: &Limits, root: Value) -> Self {
        Self {
            program,
            meter: Meter::new(limits),
            variables: vec![("$".into(), root.clone())],
            missing_key: program.functions.dialect.missing_key(),
            now: None,
            stream: None,
            output: Buffer::new(limits.output_bytes),
            depth: 0,
            deepest: limits.depth,
            root,
        }
    }

    pub(crate) fn with_missing_key(self, missing_key: MissingKey) -> Self {
        Self {
            missing_key,
            ..self
        }
    }

    pub(crate) fn at(self, now: Option<Time>) -> Self {
        Self { now, ..self }
    }

    pub(crate) fn drawing_from(self, stream: Option<Stream>) -> Self {
        Self { stream, ..self }
    }

    pub(crate) fn run(mut self) -> Step<Rendered> {
        let root = self.root.clone();
        self.list(&self.program.main, &root)?;
        Ok(self.output.into_bytes())
    }

    fn list(&mut self, list: &'p ListNode, dot: &Value) -> Step<Flow> {
        self.descend(list.pos)?;
        let mut flow = Flow::Next;
        for node in &list.nodes {
            flow = self.node(node, dot)?;
            if flow != Flow::Next {
                break;
            }
        }
        self.ascend();
        Ok(flow)
    }

    fn node(&mut self, node: &'p Node, dot: &Value) -> Step<Flow> {
        match node {
            Node::Text(text) => {
                self.spend(text.pos)?;
                self.stepping(text.pos, |machine| {
                    machine.output.push(text.text.as_bytes())
                })?;
            }
            Node::Action(action) => {
                let value = self.pipe(&action.pipe, dot)?;
                if action.pipe.decl.is_empty() {
                    self.stepping(action.pos, |machine| {
                        print::value(&mut machine.output, &mut machine.meter, &value)
                    })?;
                }
            }
            Node::List(list) => return self.list(list, dot),
            Node::If(branch) => return self.branch(branch, dot, false),
            Node::With(branch) => return self.branch(branch, dot, true),
            Node::Range(branch) => return self.range(branch, dot),
            Node::Template(call) => self.call(call, dot)?,
            Node::Define(_) => {}
            Node::Break(_) => return Ok(Flow::Break),
            Node::Continue(_) => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn branch(&mut self, branch: &'p BranchNode, dot: &Value, with: bool) -> Step<Flow> {
        let scope = self.variables.len();
        let value = self.pipe(&branch.pipe, dot)?;
        let flow = match &branch.else_body {
            _ if value.is_true() => self.list(&branch.body, if with { &value } else { dot })?,
            Some(otherwise) => self.list(otherwise, dot)?,
            None => Flow::Next,
        };
        self.variables.truncate(scope);
        Ok(flow)
    }

    fn range(&mut self, branch: &'p BranchNode, dot: &Value) -> Step<Flow> {
        let scope = self.variables.len();
        let value = self.pipe(&branch.pipe, dot)?;
        let mut turns = self.turns(branch, &value)?.peekable();
        let mut flow = Flow::Next;
        if turns.peek().is_none() {
            flow = branch
                .else_body
                .as_ref()
                .map_or(Ok(Flow::Next), |otherwise| self.list(otherwise, dot))?;
        }
        let inner = self.variables.len();
        for (index, element) in turns {
            self.spend(branch.pos)?;
            self.bind(&branch.pipe, &index, &element);
            let turn = self.list(&branch.body, &element)?;
            self.variables.truncate(inner);
            if turn == Flow::Break {
                break;
            }
        }
        self.variables.truncate(scope);
        Ok(flow)
    }

    /// The index and element of each turn of a `range`.
    fn turns(
        &self,
        branch: &BranchNode,
        value: &Value,
    ) -> Step<Box<dyn Iterator<Item = (Value, Value)>>> {
        Ok(match value.clone() {
            Value::Missing | Value::Nil => Box::new(std::iter::empty()),
            Value::List(list) => {
                let turn = move |at: usize| {
                    Some((
                        Value::Int(i64::try_from(at).ok()?),
                        list.items().get(at)?.clone(),
                    ))
                };
                Box::new((0..).map_while(turn))
            }
            Value::Map(map) => Box::new(
                map.entries()
                    .into_iter()
                    .map(|(key, value)| (Value::Str(key), value)),
            ),
            number @ (Value::Int(_) | Value::Int64(_)) if branch.pipe.decl.len() <= 1 => {
                let wide = matches!(number, Value::Int64(_));
                let element = move |at| {
                    if wide {
                        Value::Int64(at)
                    } else {
                        Value::Int(at)
                    }
                };
                Box::new(
                    (0..number.integer().unwrap_or_default())
                        .map(move |at| (Value::Int(at), element(at))),
                )
            }
            _ => return Err(self.fault(branch.pipe.pos, Failure::NotIterable.into())),
        })
    }

    fn bind(&mut self, pipe: &PipeNode, index: &Value, element: &Value) {
        match (pipe.decl.as_slice(), pipe.is_assign) {
            ([one], true) => self.assign(one, element),
            ([key, one], true) => {
                self.assign(key, index);
                self.assign(one, element);
            }
            ([one], false) => self.variables.push((one.clone(), element.clone())),
            ([key, one], false) => {
                self.variables.push((key.clone(), index.clone()));
                self.variables.push((one.clone(), element.clone()));
            }
            _ => {}
        }
    }

    fn call(&mut self, call: &'p TemplateNode, dot: &Value) -> Step<()> {
        let program = self.program;
        let Some(body) = program.defined.get(&call.name) else {
            return Err(self.fault(call.pos, Failure::NoSuchTemplate.into()));
        };
        self.spend(call.pos)?;
        let argument = call
            .pipe
            .as_ref()
            .map_or(Ok(Value::Missing), |pipe| self.pipe(pipe, dot))?;
        let outer = std::mem::replace(&mut self.variables, vec![("$".into(), argument.clone())]);
        self.list(body, &argument)?;
        self.variables = outer;
        Ok(())
    }

    pub(crate) fn assign(&mut self, name: &SmolStr, value: &Value) {
        if let Some((_, slot)) = self
            .variables
            .iter_mut()
            .rev()
            .find(|(known, _)| known == name)
        {
            *slot = value.clone();
        }
    }

    pub(crate) fn descend(&mut self, pos: Pos) -> Step<()> {
        self.depth += 1;
        if self.depth > self.deepest {
            return Err(self.fault(pos, Fault::TooDeep));
        }
        self.spend(pos)
    }

    pub(crate) fn ascend(&mut self) {
        self.depth -= 1;
    }

    pub(crate) fn spend(&mut self, pos: Pos) -> Step<()> {
        self.stepping(pos, |machine| machine.meter.steps(1))
    }

    pub(crate) fn fault(&self, pos: Pos, fault: Fault) -> TemplateError {
        fault.at(self.program.position(pos), None)
    }

    fn stepping<T>(
        &mut self,
        pos: Pos,
        action: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Step<T> {
        action(self).map_err(|fault| self.fault(pos, fault))
    }
}

/// `[]int` from numbers, charged before it is made.
pub(crate) fn integers(meter: &mut Meter, numbers: Vec<i64>) -> Result<Value, Fault> {
    meter.bytes(numbers.len().saturating_mul(size_of::<Value>()))?;
    Ok(Value::List(List::new(
        Elem::Int,
        numbers.into_iter().map(Value::Int).collect(),
    )))
}
