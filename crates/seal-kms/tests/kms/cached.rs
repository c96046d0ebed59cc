//! The cache in front of KMS: what many readers and an outage cost.

use std::num::NonZeroU32;
use std::sync::Arc;

use seal_kms::{CacheOptions, KeyArn, Kms, KmsFault, UnwrapCache};
use testkit::aws::Fault;
use tokio::task::JoinSet;

use crate::bed::{Bed, DATA_KEY, MOTO, context};

struct Reader {
    cache: UnwrapCache,
    kms: Kms,
    key: KeyArn,
    blob: Vec<u8>,
}

impl Reader {
    async fn new(bed: &Bed) -> Arc<Self> {
        let kms = bed.kms();
        let (key, blob) = bed.wrapped(&kms).await;
        let options = CacheOptions {
            per_second: NonZeroU32::new(1_000).unwrap(),
            ..CacheOptions::default()
        };
        Arc::new(Self {
            cache: UnwrapCache::new(options),
            kms,
            key,
            blob,
        })
    }

    /// Whether it opened.
    async fn open(&self) -> Result<(), KmsFault> {
        let context = context();
        let unwrap = self.kms.unwrap(&self.key, &context, &self.blob);
        let answer = self.cache.get_or_unwrap([1; 32], unwrap).await;
        let secret = answer.map_err(|error| error.fault)?;
        assert_eq!(secret.as_slice(), DATA_KEY);
        Ok(())
    }

    fn crowd(self: &Arc<Self>, readers: usize) -> JoinSet<Result<(), KmsFault>> {
        (0..readers)
            .map(|_| Arc::clone(self))
            .map(|reader| async move { reader.open().await })
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_costs_one_call() {
    let bed = Bed::on(&MOTO);
    let reader = Reader::new(&bed).await;
    bed.proxy.fail("Decrypt", Fault::Stall);
    let crowd = reader.crowd(200);
    testkit::eventually("the call", std::time::Duration::from_mins(1), || {
        (bed.proxy.calls("Decrypt") > 0).then_some(())
    });
    bed.proxy.clear();
    assert_eq!(crowd.join_all().await, vec![Ok(()); 200]);
    assert_eq!(bed.proxy.calls("Decrypt"), 1);
}

#[tokio::test]
async fn an_outage_costs_one_call_per_crowd_and_passes() {
    let bed = Bed::on(&MOTO);
    let reader = Reader::new(&bed).await;
    bed.proxy.fail("Decrypt", Fault::Unavailable);
    for round in 1..=3 {
        let answers = reader.crowd(50).join_all().await;
        assert_eq!(answers, vec![Err(KmsFault::Unavailable); 50]);
        assert_eq!(bed.proxy.calls("Decrypt"), round);
    }
    bed.proxy.clear();
    for _ in 0..3 {
        assert_eq!(reader.crowd(50).join_all().await, vec![Ok(()); 50]);
    }
    assert_eq!(bed.proxy.calls("Decrypt"), 4);
    // From memory, whatever happens to AWS.
    bed.proxy.fail("Decrypt", Fault::Unavailable);
    assert_eq!(reader.open().await, Ok(()));
    assert_eq!(bed.proxy.calls("Decrypt"), 4);
}
