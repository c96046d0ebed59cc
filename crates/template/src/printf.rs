//! `fmt.Sprintf` for the values that templates have.

use crate::error::{Failure, Fault};
use crate::float;
use crate::meter::{Buffer, Meter};
use crate::print;
use crate::value::{Value, lossy, type_name};

/// fmt itself takes no wider width than this.
const WIDEST: usize = 1_000_000;

/// Writes `format` with `values` in it.
pub(crate) fn sprintf(
    out: &mut Buffer,
    meter: &mut Meter,
    format: &str,
    values: &[Value],
) -> Result<(), Fault> {
    let mut printer = Printer {
        out,
        meter,
        values,
        next: 0,
        reordered: false,
    };
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            printer.out.push_char(letter)?;
            continue;
        }
        let spec = printer.spec(&mut letters);
        printer.verb(&spec)?;
    }
    printer.extra()
}

type Letters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// What stands between `%` and the verb.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one flag of fmt")]
struct Spec {
    plus: bool,
    minus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
    bad_width: bool,
    bad_precision: bool,
    bad_index: bool,
    verb: Option<char>,
}

struct Printer<'a> {
    out: &'a mut Buffer,
    meter: &'a mut Meter,
    values: &'a [Value],
    next: usize,
    reordered: bool,
}

impl Printer<'_> {
    fn spec(&mut self, letters: &mut Letters<'_>) -> Spec {
        let mut spec = Spec::default();
        while let Some(flag) = letters.peek() {
            match flag {
                '+' => spec.plus = true,
                '-' => spec.minus = true,
                '#' => spec.sharp = true,
                ' ' => spec.space = true,
                '0' => spec.zero = true,
                _ => break,
            }
            letters.next();
        }
        self.index(letters, &mut spec);
        if letters.next_if_eq(&'*').is_some() {
            match self.star() {
                Some(width) => {
                    spec.minus |= width < 0;
                    spec.width = usize::try_from(width.unsigned_abs()).ok();
                }
                None => spec.bad_width = true,
            }
        } else {
            spec.width = number(letters);
        }
        if letters.next_if_eq(&'.').is_some() {
            self.index(letters, &mut spec);
            if letters.next_if_eq(&'*').is_some() {
                let precision = self.star();
                spec.bad_precision = precision.is_none();
                spec.precision = precision.and_then(|precision| usize::try_from(precision).ok());
            } else {
                spec.precision = Some(number(letters).unwrap_or(0));
            }
        }
        self.index(letters, &mut spec);
        spec.zero &= !spec.minus;
        spec.verb = letters.next();
        // fmt takes the plus of %+v for a wish for field names, which no value here has.
        spec.plus &= spec.verb != Some('v');
        spec
    }

    /// `[3]`: the argument to use next.
    fn index(&mut self, letters: &mut Letters<'_>, spec: &mut Spec) {
        if letters.next_if_eq(&'[').is_none() {
            return;
        }
        self.reordered = true;
        let at = number(letters)
            .and_then(|at| at.checked_sub(1))
            .filter(|at| *at < self.values.len());
        let closed = letters.next_if_eq(&']').is_some();
        match at {
            Some(at) if closed => self.next = at,
            _ => {
                spec.bad_index = true;
                if !closed {
                    letters.by_ref().find(|letter| *letter == ']');
                }
            }
        }
    }

    fn star(&mut self) -> Option<i64> {
        let value = self.values.get(self.next)?;
        self.next += 1;
        value.integer().filter(|width| {
            usize::try_from(width.unsigned_abs()).is_ok_and(|width| width <= WIDEST)
        })
    }

    fn verb(&mut self, spec: &Spec) -> Result<(), Fault> {
        if spec.bad_width {
            self.out.push("%!(BADWIDTH)")?;
        }
        if spec.bad_precision {
            self.out.push("%!(BADPREC)")?;
        }
        let Some(verb) = spec.verb else {
            return self.out.push("%!(NOVERB)");
        };
        if verb == '%' {
            return self.out.push("%");
        }
        if spec.bad_index {
            return self.out.push(format!("%!{verb}(BADINDEX)"));
        }
        let Some(value) = self.values.get(self.next) else {
            return self.out.push(format!("%!{verb}(MISSING)"));
        };
        self.next += 1;
        self.value(spec, verb, value, 0)
    }

    fn value(&mut self, spec: &Spec, verb: char, value: &Value, depth: usize) -> Result<(), Fault> {
        self.meter.steps(1)?;
        if depth > 100 {
            return Err(Fault::TooDeep);
        }
        match (verb, value) {
            ('T', value) => self.pad(spec, type_name(value).as_bytes(), false),
            ('v', Value::Nil | Value::Missing) => self.pad(spec, b"<nil>", false),
            ('v', Value::Str(text)) if spec.sharp => self.quote(spec, text.as_bytes(), false),
            (_, Value::List(list)) if spec.sharp && verb == 'v' => {
                self.go_list(spec, value, list.items(), depth)
            }
            (_, Value::List(list)) => {
                self.out.push("[")?;
                for (at, item) in list.items().iter().enumerate() {
                    if at > 0 {
                        self.out.push(" ")?;
                    }
                    self.element(spec, verb, item, depth + 1)?;
                }
                self.out.push("]")
            }
            (_, Value::Map(map)) => {
                let go = spec.sharp && verb == 'v';
                self.out.push(if go { type_name(value) } else { "map" })?;
                self.out.push(if go { "{" } else { "[" })?;
                for (at, (key, item)) in map.entries().into_iter().enumerate() {
                    if at > 0 {
                        self.out.push(if go { ", " } else { " " })?;
                    }
                    self.value(spec, verb, &Value::Str(key), depth + 1)?;
                    self.out.push(":")?;
                    self.element(spec, verb, &item, depth + 1)?;
                }
                self.out.push(if go { "}" } else { "]" })
            }
            (_, Value::Bool(yes)) if matches!(verb, 't' | 'v') => {
                self.pad(spec, if *yes { b"true" } else { b"false" }, false)
            }
            (_, Value::Str(text)) => self.text(spec, verb, text.as_bytes(), value),
            (_, Value::Float(number)) => self.float(spec, verb, *number, value),
            (_, Value::Int(_) | Value::Int64(_) | Value::Byte(_)) => {
                self.integer(spec, verb, value)
            }
            _ => self.bad(verb, value),
        }
    }

    /// An element of a container, whose nil prints the same with every verb.
    fn element(
        &mut self,
        spec: &Spec,
        verb: char,
        value: &Value,
        depth: usize,
    ) -> Result<(), Fault> {
        match value {
            Value::Nil if spec.sharp && verb == 'v' => self.out.push("interface {}(nil)"),
            Value::Nil => self.out.push("<nil>"),
            other => self.value(spec, verb, other, depth),
        }
    }

    fn go_list(
        &mut self,
        spec: &Spec,
        list: &Value,
        items: &[Value],
        depth: usize,
    ) -> Result<(), Fault> {
        self.out.push(type_name(list))?;
        self.out.push("{")?;
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.out.push(", ")?;
            }
            self.element(spec, 'v', item, depth + 1)?;
        }
        self.out.push("}")
    }

    fn text(&mut self, spec: &Spec, verb: char, text: &[u8], value: &Value) -> Result<(), Fault> {
        match verb {
            's' | 'v' => {
                let shown = cut(spec, text);
                self.pad(spec, shown, false)
            }
            'q' => self.quote(spec, cut(spec, text), spec.sharp),
            'x' | 'X' => {
                let text = spec
                    .precision
                    .and_then(|most| text.get(..most))
                    .unwrap_or(text);
                let mut hex = self.meter.buffer();
                for (at, byte) in text.iter().enumerate() {
                    if spec.space && at > 0 {
                        hex.push(" ")?;
                    }
                    if spec.sharp && (spec.space || at == 0) {
                        hex.push(if verb == 'x' { "0x" } else { "0X" })?;
                    }
                    hex.push(if verb == 'x' {
                        format!("{byte:02x}")
                    } else {
                        format!("{byte:02X}")
                    })?;
                }
                self.pad(spec, hex.as_bytes(), false)
            }
            _ => self.bad(verb, value),
        }
    }

    fn quote(&mut self, spec: &Spec, text: &[u8], raw: bool) -> Result<(), Fault> {
        let mut quoted = self.meter.buffer();
        let plain = lossy(text);
        if raw
            && std::str::from_utf8(text).is_ok()
            && plain.chars().all(|letter| {
                letter == '\t' || (letter != '`' && letter != '\u{feff}' && !letter.is_control())
            })
        {
            quoted.push("`")?;
            quoted.push(text)?;
            quoted.push("`")?;
        } else if spec.plus {
            ascii_quoted(&mut quoted, text)?;
        } else {
            print::quoted(&mut quoted, text)?;
        }
        self.pad(spec, quoted.as_bytes(), false)
    }

    fn float(&mut self, spec: &Spec, verb: char, number: f64, value: &Value) -> Result<(), Fault> {
        let precision = spec.precision.map(|digits| digits.min(1000));
        let size = number.abs();
        let mut text = match verb {
            'x' | 'X' | 'b' => return Err(Failure::Unsupported.into()),
            _ if !matches!(verb, 'v' | 'g' | 'G' | 'e' | 'E' | 'f' | 'F') => {
                return self.bad(verb, value);
            }
            _ if float::special(size).is_some() => float::special(size)
                .unwrap_or_default()
                .trim_start_matches('+')
                .to_owned(),
            'e' | 'E' => float::scientific(size, Some(precision.unwrap_or(6))),
            'f' | 'F' => format!("{size:.*}", precision.unwrap_or(6)),
            _ => float::general(size, precision),
        };
        if matches!(verb, 'E' | 'G') {
            text.make_ascii_uppercase();
        }
        let sign = sign(spec, number.is_sign_negative() && !number.is_nan());
        let zeros = number.is_finite();
        self.signed(spec, sign, "", &text, zeros)
    }

    fn integer(&mut self, spec: &Spec, verb: char, value: &Value) -> Result<(), Fault> {
        let number = value.integer().unwrap_or_default();
        let size = number.unsigned_abs();
        let (prefix, mut text) = match verb {
            'v' if spec.sharp && matches!(value, Value::Byte(_)) => ("0x", format!("{size:x}")),
            'd' | 'v' => ("", size.to_string()),
            'b' => (if spec.sharp { "0b" } else { "" }, format!("{size:b}")),
            'o' => (if spec.sharp { "0" } else { "" }, format!("{size:o}")),
            'O' => ("0o", format!("{size:o}")),
            'x' => (if spec.sharp { "0x" } else { "" }, format!("{size:x}")),
            'X' => (if spec.sharp { "0X" } else { "" }, format!("{size:X}")),
            'c' => return self.pad(spec, letter(number).to_string().as_bytes(), false),
            'q' => {
                let mut quoted = self.meter.buffer();
                print::quoted_letter(&mut quoted, letter(number))?;
                return self.pad(spec, quoted.as_bytes(), false);
            }
            'U' => {
                let shown = format!("U+{size:04X}");
                let shown = if spec.sharp {
                    format!("{shown} '{}'", letter(number))
                } else {
                    shown
                };
                return self.pad(spec, shown.as_bytes(), false);
            }
            _ => return self.bad(verb, value),
        };
        let mut zeros = true;
        if let Some(digits) = spec.precision {
            if digits == 0 && number == 0 {
                return self.pad(spec, b"", false);
            }
            if digits > WIDEST {
                return Err(Fault::TooLarge);
            }
            self.meter.bytes(digits)?;
            text = format!("{text:0>digits$}");
            zeros = false;
        }
        self.signed(spec, sign(spec, number < 0), prefix, &text, zeros)
    }

    /// Sign and prefix stay left of the zeros that fill the width.
    fn signed(
        &mut self,
        spec: &Spec,
        sign: &str,
        prefix: &str,
        digits: &str,
        zeros: bool,
    ) -> Result<(), Fault> {
        let length = sign.len() + prefix.len() + digits.len();
        let fill = spec.width.unwrap_or_default().saturating_sub(length);
        if spec.zero && zeros && fill > 0 {
            self.out.push(sign)?;
            self.out.push(prefix)?;
            self.out.repeat(b"0", fill)?;
            return self.out.push(digits);
        }
        let text = format!("{sign}{prefix}{digits}");
        self.pad(spec, text.as_bytes(), true)
    }

    fn pad(&mut self, spec: &Spec, text: &[u8], number: bool) -> Result<(), Fault> {
        let fill = spec
            .width
            .unwrap_or_default()
            .saturating_sub(print::letters(text));
        let filler: &[u8] = if spec.zero && !number { b"0" } else { b" " };
        if !spec.minus {
            self.out.repeat(filler, fill)?;
        }
        self.out.push(text)?;
        if spec.minus {
            self.out.repeat(b" ", fill)
        } else {
            Ok(())
        }
    }

    fn bad(&mut self, verb: char, value: &Value) -> Result<(), Fault> {
        self.out.push(format!("%!{verb}("))?;
        if value.is_nil() {
            self.out.push("<nil>")?;
        } else {
            self.out.push(type_name(value))?;
            self.out.push("=")?;
            print::plain(self.out, self.meter, value)?;
        }
        self.out.push(")")
    }

    fn extra(&mut self) -> Result<(), Fault> {
        if self.reordered || self.next >= self.values.len() {
            return Ok(());
        }
        self.out.push("%!(EXTRA ")?;
        for (at, value) in self.values[self.next..].iter().enumerate() {
            if at > 0 {
                self.out.push(", ")?;
            }
            if value.is_nil() {
                self.out.push("<nil>")?;
            } else {
                self.out.push(type_name(value))?;
                self.out.push("=")?;
                print::plain(self.out, self.meter, value)?;
            }
        }
        self.out.push(")")
    }
}

fn number(letters: &mut Letters<'_>) -> Option<usize> {
    let mut number: Option<usize> = None;
    while let Some(digit) = letters.peek().and_then(|letter| letter.to_digit(10)) {
        letters.next();
        let digit = usize::try_from(digit).unwrap_or_default();
        number = Some(
            number
                .unwrap_or_default()
                .saturating_mul(10)
                .saturating_add(digit),
        );
    }
    number
}

/// Precision of text counts characters.
fn cut<'t>(spec: &Spec, text: &'t [u8]) -> &'t [u8] {
    let Some(most) = spec.precision else {
        return text;
    };
    let mut at = 0;
    for _ in 0..most {
        match text.get(at..).and_then(|rest| rest.utf8_chunks().next()) {
            Some(chunk) => at += chunk.valid().chars().next().map_or(1, char::len_utf8),
            None => return text,
        }
    }
    &text[..at.min(text.len())]
}

fn sign(spec: &Spec, negative: bool) -> &'static str {
    match (negative, spec.plus, spec.space) {
        (true, _, _) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    }
}

fn letter(number: i64) -> char {
    u32::try_from(number)
        .ok()
        .and_then(char::from_u32)
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn ascii_quoted(out: &mut Buffer, text: &[u8]) -> Result<(), Fault> {
    let mut quoted = Buffer::new(usize::MAX);
    print::quoted(&mut quoted, text)?;
    for letter in lossy(quoted.as_bytes()).chars() {
        let code = u32::from(letter);
        match code {
            0..0x80 => out.push_char(letter)?,
            0x80..0x1_0000 => out.push(format!("\\u{code:04x}"))?,
            _ => out.push(format!("\\U{code:08x}"))?,
        }
    }
    Ok(())
}
