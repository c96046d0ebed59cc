//! A template, parsed and checked: every function is known, every variable is declared, before the
//! first byte is rendered.

use std::collections::BTreeMap;

use gotmpl::parse::{BranchNode, Expr, ListNode, Node, Parser, PipeNode, Pos, SmolStr};

use crate::dialect::DELIMITERS;
use crate::error::{ParseError, Position};
use crate::functions::{self, Entry, Functions};
use crate::outline;

/// A checked template and the templates it defines.
pub(crate) struct Program<'s> {
    pub(crate) source: &'s str,
    pub(crate) functions: &'static Functions,
    pub(crate) main: ListNode,
    pub(crate) defined: BTreeMap<SmolStr, ListNode>,
}

impl<'s> Program<'s> {
    /// Functions that draw random data are refused unless the render has some.
    pub(crate) fn parse(
        source: &'s str,
        functions: &'static Functions,
        has_entropy: bool,
    ) -> Result<Self, ParseError> {
        outline::check(source)?;
        let parsed = Parser::new(source, DELIMITERS.0, DELIMITERS.1).and_then(Parser::parse);
        let (main, defines) = parsed.map_err(|error| syntax(&error))?;
        let mut bodies: BTreeMap<SmolStr, ListNode> = BTreeMap::new();
        for define in defines {
            match bodies.get(&define.name) {
                Some(earlier) if !earlier.is_empty_tree() && !define.body.is_empty_tree() => {
                    let position = Position::of(source, define.pos.offset);
                    return Err(ParseError::Syntax {
                        position,
                        problem: "a template is defined twice",
                    });
                }
                Some(_) if define.body.is_empty_tree() => {}
                _ => {
                    bodies.insert(define.name, define.body);
                }
            }
        }
        let program = Self {
            source,
            functions,
            main,
            defined: bodies,
        };
        for list in program.defined.values().chain([&program.main]) {
            let mut check = Check {
                source,
                functions,
                has_entropy,
                variables: vec!["$".into()],
                loops: 0,
            };
            check.list(list)?;
        }
        Ok(program)
    }

    pub(crate) fn position(&self, pos: Pos) -> Position {
        Position::of(self.source, pos.offset)
    }
}

/// The parser's own texts quote the template, so only its position is kept.
fn syntax(error: &gotmpl::TemplateError) -> ParseError {
    let (line, column) = match error {
        gotmpl::TemplateError::Parse { line, col, .. }
        | gotmpl::TemplateError::Lex { line, col, .. } => (*line, *col),
        _ => (1, 1),
    };
    ParseError::Syntax {
        position: Position { line, column },
        problem: "the text cannot be parsed",
    }
}

struct Check<'s> {
    source: &'s str,
    functions: &'static Functions,
    has_entropy: bool,
    variables: Vec<SmolStr>,
    loops: usize,
}

impl Check<'_> {
    fn list(&mut self, list: &ListNode) -> Result<(), ParseError> {
        list.nodes.iter().try_for_each(|node| self.node(node))
    }

    fn node(&mut self, node: &Node) -> Result<(), ParseError> {
        match node {
            Node::List(list) => self.list(list),
            Node::Action(action) => self.pipe(&action.pipe),
            Node::If(branch) | Node::With(branch) => self.branch(branch, 0),
            Node::Range(branch) => self.branch(branch, 1),
            Node::Template(call) => call.pipe.as_ref().map_or(Ok(()), |pipe| self.pipe(pipe)),
            Node::Break(pos) | Node::Continue(pos) if self.loops == 0 => {
                Err(self.syntax(*pos, "a break or continue outside a range"))
            }
            Node::Text(_) | Node::Define(_) | Node::Break(_) | Node::Continue(_) => Ok(()),
        }
    }

    fn branch(&mut self, branch: &BranchNode, loops: usize) -> Result<(), ParseError> {
        let scope = self.variables.len();
        self.pipe(&branch.pipe)?;
        self.loops += loops;
        let inner = self.variables.len();
        self.list(&branch.body)?;
        self.variables.truncate(inner);
        self.loops -= loops;
        branch
            .else_body
            .as_ref()
            .map_or(Ok(()), |list| self.list(list))?;
        self.variables.truncate(scope);
        Ok(())
    }

    fn pipe(&mut self, pipe: &PipeNode) -> Result<(), ParseError> {
        if pipe.is_assign {
            for name in &pipe.decl {
                self.declared(name, pipe.pos)?;
            }
        }
        for (at, command) in pipe.commands.iter().enumerate() {
            if at > 0 && !takes_input(&command.args) {
                return Err(self.syntax(
                    command.pos,
                    "a value is piped into something that is no function",
                ));
            }
            command
                .args
                .iter()
                .try_for_each(|argument| self.expression(argument))?;
        }
        if !pipe.is_assign {
            self.variables.extend(pipe.decl.iter().cloned());
        }
        Ok(())
    }

    fn expression(&mut self, expression: &Expr) -> Result<(), ParseError> {
        match expression {
            Expr::Variable(pos, name, _) => self.declared(name, *pos),
            Expr::Identifier(pos, name) => self.function(name, *pos),
            Expr::Pipe(_, pipe) => self.pipe(pipe),
            Expr::Chain(_, inner, _) => self.expression(inner),
            Expr::Dot(_)
            | Expr::Field(..)
            | Expr::String(..)
            | Expr::Number(..)
            | Expr::Bool(..)
            | Expr::Nil(_) => Ok(()),
        }
    }

    fn declared(&self, name: &SmolStr, pos: Pos) -> Result<(), ParseError> {
        if self.variables.contains(name) {
            Ok(())
        } else {
            Err(self.syntax(pos, "an undefined variable"))
        }
    }

    fn function(&self, name: &str, pos: Pos) -> Result<(), ParseError> {
        let position = Position::of(self.source, pos.offset);
        match self.functions.find(name) {
            Some(Entry::Function(function)) if function.draws && !self.has_entropy => {
                Err(ParseError::Refused {
                    name: function.name,
                    reason: functions::NO_ENTROPY,
                    position,
                })
            }
            Some(Entry::Function(_)) => Ok(()),
            Some(Entry::Refused(refused)) => Err(ParseError::Refused {
                name: refused.name,
                reason: refused.reason,
                position,
            }),
            None => Err(ParseError::UnknownFunction {
                name: functions::foreign(name),
                position,
            }),
        }
    }

    fn syntax(&self, pos: Pos, problem: &'static str) -> ParseError {
        ParseError::Syntax {
            position: Position::of(self.source, pos.offset),
            problem,
        }
    }
}

/// Whether a piped value can become its last argument: Go decides this for literals while parsing.
fn takes_input(command: &[Expr]) -> bool {
    !matches!(
        command.first(),
        Some(Expr::Bool(..) | Expr::Dot(_) | Expr::Nil(_) | Expr::Number(..) | Expr::String(..))
    )
}
