//! Pipelines, commands and arguments: how the values of a template come about.

use gotmpl::parse::{CommandNode, Expr, Number, PipeNode, Pos, SmolStr};

use crate::date::{DAYS, MONTHS, Time};
use crate::dialect::MissingKey;
use crate::error::{Failure, TemplateError};
use crate::evaluate::Machine;
use crate::functions::{Call, Entry, Function};
use crate::value::{Text, Value};
use crate::version::Version;

type Step<T> = Result<T, TemplateError>;

impl Machine<'_> {
    /// The value of a pipeline; declares or assigns its variables.
    pub(crate) fn pipe(&mut self, pipe: &PipeNode, dot: &Value) -> Step<Value> {
        self.descend(pipe.pos)?;
        let mut value = None;
        for command in &pipe.commands {
            // A nil interface that leaves a command is no value any more.
            value = Some(match self.command(command, dot, value)? {
                Value::Nil => Value::Missing,
                other => other,
            });
        }
        let value = value.unwrap_or(Value::Missing);
        for name in &pipe.decl {
            if pipe.is_assign {
                self.assign(name, &value);
            } else {
                self.variables.push((name.clone(), value.clone()));
            }
        }
        self.ascend();
        Ok(value)
    }

    fn command(&mut self, command: &CommandNode, dot: &Value, piped: Option<Value>) -> Step<Value> {
        let [first, arguments @ ..] = command.args.as_slice() else {
            return Err(self.fault(command.pos, Failure::ArgumentCount.into()));
        };
        match first {
            Expr::Identifier(pos, name) => return self.function(name, *pos, arguments, dot, piped),
            Expr::Chain(pos, inner, fields) => {
                if let Expr::Identifier(_, name) = inner.as_ref() {
                    let value = self.function(name, *pos, arguments, dot, piped)?;
                    return self.fields(value, fields, *pos);
                }
            }
            Expr::Nil(pos) => return Err(self.fault(*pos, Failure::MissingValue.into())),
            _ => {}
        }
        if piped.is_some() || !arguments.is_empty() {
            return Err(self.fault(first.pos(), Failure::ArgumentCount.into()));
        }
        self.argument(first, dot)
    }

    fn argument(&mut self, expression: &Expr, dot: &Value) -> Step<Value> {
        self.spend(expression.pos())?;
        match expression {
            Expr::Dot(_) => Ok(dot.clone()),
            Expr::Field(pos, fields) => self.fields(dot.clone(), fields, *pos),
            Expr::Variable(pos, name, fields) => {
                let known = self.variables.iter().rev().find(|(known, _)| known == name);
                let value = known.map_or(Value::Missing, |(_, value)| value.clone());
                self.fields(value, fields, *pos)
            }
            Expr::Identifier(pos, name) => self.function(name, *pos, &[], dot, None),
            Expr::String(_, text) => Ok(Value::Str(Text::from(text.as_bytes()))),
            Expr::Number(_, Number::Int(number)) => Ok(Value::Int(*number)),
            Expr::Number(_, Number::Float(number)) => Ok(Value::Float(*number)),
            Expr::Number(pos, Number::Uint(_)) => Err(self.fault(*pos, Failure::OutOfRange.into())),
            Expr::Bool(_, yes) => Ok(Value::Bool(*yes)),
            Expr::Nil(_) => Ok(Value::Nil),
            Expr::Pipe(_, pipe) => self.pipe(pipe, dot),
            Expr::Chain(pos, inner, fields) => {
                let value = self.argument(inner, dot)?;
                self.fields(value, fields, *pos)
            }
        }
    }

    fn fields(&mut self, mut value: Value, names: &[SmolStr], pos: Pos) -> Step<Value> {
        for name in names {
            value = match &value {
                Value::Missing => self.missing(pos)?,
                Value::Nil => return Err(self.fault(pos, Failure::MissingValue.into())),
                Value::Map(map) => match map.get(name.as_bytes()) {
                    Some(value) => value,
                    None => self.missing(pos)?,
                },
                Value::Time(time) => time_part(*time, name)
                    .ok_or_else(|| self.fault(pos, Failure::NoSuchField.into()))?,
                Value::Version(version) => version_part(version, name)
                    .ok_or_else(|| self.fault(pos, Failure::NoSuchField.into()))?,
                _ => return Err(self.fault(pos, Failure::NoSuchField.into())),
            };
        }
        Ok(value)
    }

    /// What a key stands for that its map does not have.
    fn missing(&self, pos: Pos) -> Step<Value> {
        match self.missing_key {
            MissingKey::NoValue => Ok(Value::Missing),
            MissingKey::Fails => Err(self.fault(pos, Failure::NoSuchKey.into())),
        }
    }

    fn function(
        &mut self,
        name: &str,
        pos: Pos,
        arguments: &[Expr],
        dot: &Value,
        piped: Option<Value>,
    ) -> Step<Value> {
        // The check has made sure that every function is known and allowed.
        let Some(Entry::Function(function)) = self.program.functions.find(name) else {
            return Err(self.fault(pos, Failure::Unsupported.into()));
        };
        let count = arguments.len() + usize::from(piped.is_some());
        if count < function.least || count > function.most {
            return Err(self.failed(pos, function, Failure::ArgumentCount));
        }
        if matches!(function.name, "and" | "or") {
            return self.choose(function.name == "or", arguments, dot, piped);
        }
        let mut values = Vec::with_capacity(count);
        for argument in arguments {
            values.push(self.argument(argument, dot)?);
        }
        values.extend(piped);
        self.spend(pos)?;
        let read = values.iter().map(Value::size).sum();
        let program = self.program;
        self.meter
            .reading(read)
            .and_then(|()| {
                (function.run)(&mut Call {
                    arguments: &values,
                    meter: &mut self.meter,
                    now: self.now,
                    dialect: program.functions.dialect,
                    stream: self.stream.as_mut(),
                })
            })
            .map_err(|fault| fault.at(program.position(pos), Some(function.name)))
    }

    /// `and` and `or` evaluate no further than they must.
    fn choose(
        &mut self,
        wanted: bool,
        arguments: &[Expr],
        dot: &Value,
        piped: Option<Value>,
    ) -> Step<Value> {
        let mut last = Value::Missing;
        for argument in arguments {
            last = self.argument(argument, dot)?;
            if last.is_true() == wanted {
                return Ok(last);
            }
        }
        Ok(piped.unwrap_or(last))
    }

    fn failed(&self, pos: Pos, function: &Function, kind: Failure) -> TemplateError {
        TemplateError::Failed {
            position: self.program.position(pos),
            function: Some(function.name),
            kind,
        }
    }
}

/// The methods of a version that take no argument.
fn version_part(version: &Version, name: &str) -> Option<Value> {
    let number = |at: usize| i64::try_from(version.numbers[at]).ok().map(Value::Int64);
    match name {
        "Major" => number(0),
        "Minor" => number(1),
        "Patch" => number(2),
        "Prerelease" => Some(Value::text(&version.prerelease)),
        "Metadata" => Some(Value::text(&version.metadata)),
        "Original" => Some(Value::text(&version.original)),
        "String" => Some(Value::text(&version.canonical())),
        _ => None,
    }
}

/// The methods of a time that take no argument.
fn time_part(time: Time, name: &str) -> Option<Value> {
    let at = time.fields().ok()?;
    let number = match name {
        "Unix" => return Some(Value::Int64(time.seconds)),
        "String" => return time.plain().ok().map(|shown| Value::text(&shown)),
        "Month" => {
            return MONTHS
                .get(usize::try_from(at.month - 1).ok()?)
                .map(|name| Value::text(name));
        }
        "Weekday" => return DAYS.get(at.weekday).map(|name| Value::text(name)),
        "Year" => at.year,
        "Day" => at.day,
        "YearDay" => at.yearday,
        "Hour" => at.hour,
        "Minute" => at.minute,
        "Second" => at.second,
        "Nanosecond" => i64::from(time.nanos),
        _ => return None,
    };
    Some(Value::Int(number))
}
