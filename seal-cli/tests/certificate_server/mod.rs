//! A web server with one certificate, and the mishaps that web servers have.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};

/// Serves until the test process ends; gives `http://address:port`.
///
/// `/cert.pem` is the certificate, `/moved` a redirect to it, `/page` a web page; everything else
/// is not found.
pub(crate) fn start(certificate: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that went away is the client's business.
            let _ = answer(stream, &certificate);
        }
    });
    url
}

fn answer(mut stream: TcpStream, certificate: &[u8]) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let (status, headers, body) = match request.split(' ').nth(1) {
        Some("/cert.pem") => ("200 OK", "", certificate),
        Some("/moved") => ("302 Found", "Location: /cert.pem\r\n", &b""[..]),
        Some("/page") => ("200 OK", "", &b"<html>Log in</html>"[..]),
        _ => ("404 Not Found", "", &b"not here"[..]),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(body)
}
