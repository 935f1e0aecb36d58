package dev.waggle.mesh.swarm.liveness;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.simulation.Links;
import dev.waggle.mesh.simulation.Simulation;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Failure detectors of members that are all connected, and the links between them. */
final class LivenessWorld {
  final Simulation simulation;
  final Links links;
  final List<Node> nodes = new ArrayList<>();
  private final Map<PeerId, Node> byId = new HashMap<>();

  /** One member. */
  final class Node {
    final int index;
    final PeerId id;
    final FailureDetector detector;
    final Map<PeerId, Long> buried = new HashMap<>();
    boolean alive = true;
    long sequence = 1;
    int suspicions;

    Node(int index) {
      this.index = index;
      this.id =
          PeerId.ofPublicKey(ByteBuffer.allocate(PeerId.PUBLIC_KEY_BYTES).putInt(index).array());
      this.detector = new FailureDetector(id, simulation.newRandom());
    }

    boolean sees(Node other) {
      return !buried.containsKey(other.id);
    }

    /** It tells everybody that it is there. */
    void advertise() {
      long now = ++sequence;
      for (Node to : nodes) {
        send(
            this,
            to,
            () -> {
              to.buried.remove(id);
              to.perform(to.detector.onAdvert(id, now, simulation.now()));
            });
      }
    }

    private void perform(List<Effect> effects) {
      for (Effect effect : effects) {
        if (effect instanceof Effect.Probe probe) {
          probe(probe);
        } else if (effect instanceof Effect.Ask ask) {
          ask(ask);
        } else if (effect instanceof Effect.Suspect suspect) {
          suspicions++;
          for (Node to : nodes) {
            send(
                this,
                to,
                () ->
                    to.perform(
                        to.detector.onSuspicion(
                            suspect.peer(), suspect.sequence(), simulation.now())));
          }
        } else if (effect instanceof Effect.Refute) {
          advertise();
        } else if (effect instanceof Effect.Bury bury) {
          simulation.note(index);
          buried.put(bury.peer(), simulation.now());
        }
      }
    }

    private void probe(Effect.Probe probe) {
      Node to = node(probe.peer());
      long sent = simulation.now();
      boolean[] answered = {false};
      send(
          this,
          to,
          () ->
              send(
                  to,
                  this,
                  () -> {
                    long taken = simulation.now() - sent;
                    if (taken <= probe.timeout().toNanos()) {
                      answered[0] = true;
                      perform(detector.onPong(to.id, Duration.ofNanos(taken), simulation.now()));
                    }
                  }));
      simulation.after(
          probe.timeout(),
          () -> {
            if (!answered[0] && alive) {
              perform(detector.onNoPong(to.id, simulation.now()));
            }
          });
    }

    private void ask(Effect.Ask ask) {
      Node helper = node(ask.helper());
      Node asked = node(ask.peer());
      boolean[] answered = {false};
      send(
          this,
          helper,
          () ->
              send(
                  helper,
                  asked,
                  () ->
                      send(
                          asked,
                          helper,
                          () ->
                              send(
                                  helper,
                                  this,
                                  () -> {
                                    answered[0] = true;
                                    perform(
                                        detector.onHelperSays(asked.id, true, simulation.now()));
                                  }))));
      simulation.after(
          ask.timeout(),
          () -> {
            if (!answered[0] && alive) {
              perform(detector.onHelperSays(asked.id, false, simulation.now()));
            }
          });
    }
  }

  LivenessWorld(long seed, int size, Duration latencyMax, double loss) {
    simulation = new Simulation(seed);
    links = new Links(simulation.newRandom(), size, Duration.ofMillis(1), latencyMax, loss);
    for (int i = 0; i < size; i++) {
      Node node = new Node(i);
      nodes.add(node);
      byId.put(node.id, node);
    }
    for (Node node : nodes) {
      for (Node other : nodes) {
        if (other != node) {
          node.perform(node.detector.onConnected(other.id, 0));
          node.perform(node.detector.onAdvert(other.id, 1, 0));
        }
      }
      simulation.every(
          FailureDetector.PERIOD,
          () -> {
            if (node.alive) {
              node.perform(node.detector.onTick(simulation.now()));
            }
          });
    }
  }

  private Node node(PeerId id) {
    return Objects.requireNonNull(byId.get(id));
  }

  private void send(Node from, Node to, Runnable arrival) {
    if (from.alive && from != to && links.arrives(from.index, to.index)) {
      simulation.after(
          links.latency(from.index, to.index),
          () -> {
            if (to.alive) {
              arrival.run();
            }
          });
    }
  }

  /** It stops without a word; connections stay open, as when a machine loses its power. */
  void freeze(Node node) {
    node.alive = false;
  }

  /** Its process is killed: the others see their connections end. */
  void kill(Node node) {
    node.alive = false;
    for (Node other : nodes) {
      if (other != node) {
        simulation.after(
            links.latency(node.index, other.index),
            () -> other.perform(other.detector.onDisconnected(node.id, simulation.now())));
      }
    }
  }

  /** When the last of the others buried it, or -1 when one did not. */
  long lastBurial(Node node) {
    long last = -1;
    for (Node other : nodes) {
      if (other.alive) {
        Long at = other.buried.get(node.id);
        if (at == null) {
          return -1;
        }
        last = Math.max(last, at);
      }
    }
    return last;
  }

  long burials() {
    return nodes.stream().mapToLong(node -> node.buried.size()).sum();
  }
}
