package dev.waggle.node.data;

import java.util.List;

/**
 * What a running node says of itself in its ready file and in {@code node.json}.
 *
 * @param api host and port of its HTTP API
 * @param listen its libp2p addresses, each ending in its peer id
 * @param pid its process
 */
public record RunningNode(String api, List<String> listen, String peerId, long pid) {
  public RunningNode {
    listen = List.copyOf(listen);
  }
}
