//! The connection to the API server. Whatever one user wrote into one object, the answers that hold
//! all objects stay readable.

use http_body_util::BodyExt as _;
use hyper::Response;
use hyper::body::Body;
use kube::client::ClientBuilder;
use kube::{Client, Config, Error};
use tower::util::MapResponseLayer;

use crate::readable_json::ReadableJson;

/// A client whose answers went through [`ReadableJson`].
///
/// # Errors
/// When the configuration's certificates, keys or addresses cannot be used.
pub fn client(config: Config) -> Result<Client, Error> {
    let layer = MapResponseLayer::new(readable);
    Ok(ClientBuilder::try_from(config)?.with_layer(&layer).build())
}

fn readable<B>(response: Response<B>) -> Response<impl Body<Data = B::Data, Error = B::Error>>
where
    B: Body<Data = hyper::body::Bytes>,
{
    response.map(|body| {
        let mut json = ReadableJson::default();
        body.map_frame(move |frame| frame.map_data(|bytes| json.pass(bytes)))
    })
}
