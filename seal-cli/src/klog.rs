//! Flags of klog, the library that kubeseal logs with: taken, checked and without effect, so that
//! scripts which have them go on working. There is no log.

use crate::args::truth;

/// What was typed. Variables for them there are none, as with kubeseal.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct KlogArgs {
    #[arg(short = 'v', long = "v", hide = true, value_parser = level)]
    v: Option<i32>,
    #[arg(long, hide = true, value_parser = modules)]
    vmodule: Option<()>,
    #[arg(long, hide = true, value_parser = severity)]
    stderrthreshold: Option<()>,
    #[arg(long, hide = true, value_parser = severity)]
    alsologtostderrthreshold: Option<()>,
    #[arg(long = "log_backtrace_at", hide = true, value_parser = location)]
    log_backtrace_at: Option<()>,
    #[arg(long = "log_dir", hide = true)]
    log_dir: Option<String>,
    #[arg(long = "log_file", hide = true)]
    log_file: Option<String>,
    #[arg(long = "log_file_max_size", hide = true)]
    log_file_max_size: Option<u64>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = truth)]
    logtostderr: Option<bool>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = truth)]
    alsologtostderr: Option<bool>,
    #[arg(long = "legacy_stderr_threshold_behavior", hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = truth)]
    legacy_stderr_threshold_behavior: Option<bool>,
    #[arg(long = "skip_headers", hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = truth)]
    skip_headers: Option<bool>,
    #[arg(long = "skip_log_headers", hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = truth)]
    skip_log_headers: Option<bool>,
    #[arg(long = "one_output", hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = truth)]
    one_output: Option<bool>,
    #[arg(long = "add_dir_header", hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = truth)]
    add_dir_header: Option<bool>,
}

fn level(text: &str) -> Result<i32, &'static str> {
    text.parse().map_err(|_| "use a number")
}

/// `pattern=N,pattern=N`
fn modules(text: &str) -> Result<(), &'static str> {
    let fits = |module: &str| {
        let (pattern, level) = module.split_once('=').unwrap_or_default();
        module.is_empty() || (!pattern.is_empty() && level.parse::<i32>().is_ok())
    };
    let all = text.split(',').all(fits);
    all.then_some(()).ok_or("use PATTERN=N,PATTERN=N")
}

fn severity(text: &str) -> Result<(), &'static str> {
    let names = ["info", "warning", "error", "fatal"];
    let known = names.iter().any(|name| text.eq_ignore_ascii_case(name));
    let known = known || text.parse::<i32>().is_ok();
    known
        .then_some(())
        .ok_or("use info, warning, error or fatal")
}

/// `file.go:N`
fn location(text: &str) -> Result<(), &'static str> {
    let (file, line) = text.split_once(':').unwrap_or_default();
    let known = text.is_empty() || (file.contains('.') && line.parse::<u32>().is_ok_and(|n| n > 0));
    known.then_some(()).ok_or("use FILE:LINE")
}
