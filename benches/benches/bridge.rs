//! The real server over TLS: filtered reads and durable writes, alone and on sixteen connections, and
//! what a hundred times as many users, or a group of ten thousand, add to them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use benches::running::{Running, user_name};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;

/// Connections of the figures that speak of many.
const CONNECTIONS: usize = 16;

fn started(users: usize) -> Running {
    Running::with_users(users).expect("the bridge starts")
}

fn reads_and_writes(criterion: &mut Criterion) {
    let running = started(1000);
    let new = AtomicUsize::new(0);
    let next = || format!("new{}@contoso.test", new.fetch_add(1, Ordering::Relaxed));
    let mut group = criterion.benchmark_group("bridge");
    for at_once in [1, CONNECTIONS] {
        group.throughput(Throughput::Elements(at_once as u64));
        group.bench_function(format!("filter_by_user_name/{at_once}"), |bencher| {
            bencher.to_async(&running.runtime).iter(|| async {
                let names: Vec<String> = (0..at_once).map(|number| user_name(number * 50)).collect();
                for found in join_all(names.iter().map(|name| running.find(name))).await {
                    found.expect("the user is found");
                }
            });
        });
        group.bench_function(format!("create_user/{at_once}"), |bencher| {
            bencher.to_async(&running.runtime).iter(|| async {
                let names: Vec<String> = (0..at_once).map(|_| next()).collect();
                for made in join_all(names.iter().map(|name| running.create(name))).await {
                    made.expect("the user is made");
                }
            });
        });
    }
    group.finish();
}

/// The same read and write in a small and in a large directory.
fn growth_of_the_directory(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("growth");
    for users in [1000, 100_000] {
        let running = started(users);
        let new = AtomicUsize::new(0);
        group.bench_function(format!("filter_by_user_name/{users}_users"), |bencher| {
            let at = AtomicUsize::new(0);
            bencher.to_async(&running.runtime).iter(|| async {
                let name = user_name(at.fetch_add(7919, Ordering::Relaxed) % users);
                running.find(&name).await.expect("the user is found");
            });
        });
        group.bench_function(format!("create_user/{users}_users"), |bencher| {
            bencher.to_async(&running.runtime).iter(|| async {
                let name = format!("new{}@contoso.test", new.fetch_add(1, Ordering::Relaxed));
                running.create(&name).await.expect("the user is made");
            });
        });
    }
    group.finish();
}

/// One member more and one less, in a small and in a large group.
fn growth_of_a_group(criterion: &mut Criterion) {
    let running = started(10_001);
    let ids: Vec<String> = running.runtime.block_on(async {
        let names: Vec<String> = (0..10_001).map(user_name).collect();
        let mut ids = Vec::with_capacity(names.len());
        for name in &names {
            ids.push(running.find(name).await.expect("the user is there"));
        }
        ids
    });
    let (last, members) = ids.split_last().expect("there are users");
    let mut group = criterion.benchmark_group("growth");
    for size in [5, 10_000] {
        let name = format!("group of {size}");
        let made = running.create_group(&name, &members[..size]);
        let id = running.runtime.block_on(made).expect("the group is made");
        group.bench_function(format!("one_member_in_and_out/{size}_members"), |bencher| {
            bencher.to_async(&running.runtime).iter(|| async {
                running.move_member(&id, last).await.expect("the member moves");
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(5)).sample_size(50);
    targets = reads_and_writes, growth_of_the_directory, growth_of_a_group
}
criterion_main!(benches);
