//! Transactions that are given up before they have begun.

use super::{add_experiment, on_each};
use std::{
    pin::pin,
    task::{Context, Poll},
    time::Duration,
};

/// Asks so many times whether it is done, and leaves.
async fn give_up_after(looks: usize, request: impl Future) {
    let (mut request, mut left) = (pin!(request), looks);
    std::future::poll_fn(|context: &mut Context<'_>| {
        left -= 1;
        match request.as_mut().poll(context) {
            Poll::Pending if left > 0 => Poll::Pending,
            _ => Poll::Ready(()),
        }
    })
    .await;
}

#[tokio::test]
async fn a_read_that_is_given_up_while_it_begins_is_in_nobodys_way() {
    on_each(async |db| {
        for round in 0..40 {
            give_up_after(1 + round % 4, db.snapshot()).await;
            // The connection comes back to the pool meanwhile.
            tokio::time::sleep(Duration::from_millis(2)).await;
            add_experiment(&db, &format!("experiment {round}"), &[]).await;
        }
    })
    .await;
}
