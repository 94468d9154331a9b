//! Programs that a user would call, with their output when they fail.

use std::process::Stdio;

use tokio::{io::AsyncWriteExt, process::Command};

use crate::{Result, env};

/// What a program printed.
#[derive(Debug)]
pub struct Output {
    /// Whether it exited with 0.
    pub success: bool,
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Runs a program to its end; `input` goes to its standard input.
pub async fn run(program: &str, args: &[&str], input: Option<&str>) -> Result<Output> {
    let mut child = Command::new(program)
        .args(args)
        .stdin(if input.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| format!("{program}: {e}"))?;
    if let (Some(text), Some(mut stdin)) = (input, child.stdin.take()) {
        stdin.write_all(text.as_bytes()).await?;
    }
    let output = child.wait_with_output().await?;
    Ok(Output {
        success: output.status.success(),
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Runs a program that must succeed, and gives what it printed.
pub async fn ok(program: &str, args: &[&str], input: Option<&str>) -> Result<String> {
    let output = run(program, args, input).await?;
    if output.success {
        return Ok(output.stdout);
    }
    Err(format!("{program} {}: {}{}", args.join(" "), output.stdout, output.stderr).into())
}

/// `kubectl` of the cluster under test.
pub async fn kubectl(args: &[&str], input: Option<&str>) -> Result<Output> {
    run(&env::or("TODO_TEST_KUBECTL", "kubectl"), args, input).await
}

/// `kubectl` that must succeed.
pub async fn kubectl_ok(args: &[&str], input: Option<&str>) -> Result<String> {
    ok(&env::or("TODO_TEST_KUBECTL", "kubectl"), args, input).await
}
