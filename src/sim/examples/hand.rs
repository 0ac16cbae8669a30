//! Temporary: serves a simulated cluster by hand.
use std::sync::Arc;
#[tokio::main]
async fn main() {
    let scale: f64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let port: u16 = std::env::args().nth(2).unwrap().parse().unwrap();
    let mut c = sim::SimConfig::new("hand", Arc::new(jiff::Timestamp::now), "/tmp/q/sim-mirrors");
    c.time_scale = scale;
    let s = sim::Sim::start(c);
    let a = s.serve(([127,0,0,1], port).into()).await.unwrap();
    std::fs::write("/tmp/q/sim.kubeconfig", s.kubeconfig(a)).unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(1200)).await;
}
