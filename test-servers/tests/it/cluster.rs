//! Keys live on one of two nodes.

use test_servers::RedisCluster;

#[test]
fn each_node_serves_its_slots_and_names_the_other() {
    let mut cluster = RedisCluster::start();
    assert_eq!(cluster.urls().len(), 2);
    let [first, second] = &cluster.nodes;
    for node in [first, second] {
        assert!(node.command(&["CLUSTER", "INFO"]).unwrap().contains("cluster_state:ok"));
    }
    // CLUSTER KEYSLOT: "bar" is 5061, "foo" is 12182.
    assert_eq!(first.command(&["SET", "bar", "1"]).unwrap(), "OK");
    assert_eq!(second.command(&["SET", "foo", "2"]).unwrap(), "OK");
    let moved = first.command(&["GET", "foo"]).unwrap_err().to_string();
    assert_eq!(moved, format!("MOVED 12182 127.0.0.1:{}", second.port()));
    assert_eq!(second.dump(), b"2\nfoo");

    cluster.nodes[1].restart();
    let slots = cluster.nodes[1].command(&["CLUSTER", "NODES"]).unwrap();
    assert!(slots.lines().any(|line| line.contains("myself") && line.ends_with("8192-16383")), "{slots}");
}
