package dev.waggle.coordinator.job;

import dev.waggle.mesh.swarm.exchange.ChatMessage;
import java.io.IOException;
import java.util.List;

/** A model outside the swarm that its owner allows to be asked; off unless he says so. */
public interface Upstream {
  /** None. */
  Upstream NONE =
      new Upstream() {
        @Override
        public boolean isAllowed(List<String> labels) {
          return false;
        }

        @Override
        public String ask(List<ChatMessage> messages) throws IOException {
          throw new IOException("no model outside the swarm may be asked");
        }
      };

  /** Whether a request with these labels may leave the swarm. */
  boolean isAllowed(List<String> labels);

  /**
   * Asks it, secrets made unreadable; blocks.
   *
   * @throws IOException if it does not answer; the message names the cause
   */
  String ask(List<ChatMessage> messages) throws IOException, InterruptedException;
}
