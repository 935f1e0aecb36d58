package dev.waggle.coordinator.job;

import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.wire.SpecCodec;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Set;

/** What a task of a job is to do. */
public sealed interface JobWork {
  /** What a worker has to be able to do: a sandbox's runtime, {@code model}, or {@code code}. */
  String need();

  /** Where it may run. */
  Set<Label> labels();

  /** Something that one node of the swarm answers. */
  record Ask(TaskSpec spec) implements JobWork {
    /** What answers prompts. */
    public static final String MODEL = "model";

    @Override
    public String need() {
      return spec instanceof TaskSpec.Code code ? code.model() : MODEL;
    }

    @Override
    public Set<Label> labels() {
      return spec.labels();
    }
  }

  /** Code that is to be written and tested, which takes many questions and runs. */
  record Develop(CodeOrder order) implements JobWork {
    /** What writes code. */
    public static final String CODE = "code";

    @Override
    public String need() {
      return CODE;
    }

    @Override
    public Set<Label> labels() {
      return Label.all(order.labels(), Label.OF_REQUEST_MAX);
    }
  }

  /** Its bytes. */
  default byte[] encode() {
    boolean asks = this instanceof Ask;
    byte[] body = asks ? SpecCodec.encode(((Ask) this).spec()) : ((Develop) this).order().encode();
    return ByteBuffer.allocate(1 + body.length).put((byte) (asks ? 0 : 1)).put(body).array();
  }

  /**
   * Reads it.
   *
   * @throws MalformedFrameException if the bytes are not what {@link #encode} wrote
   */
  static JobWork decode(byte[] bytes) throws MalformedFrameException {
    if (bytes.length == 0) {
      throw new MalformedFrameException("a task of a job is empty");
    }
    byte[] body = Arrays.copyOfRange(bytes, 1, bytes.length);
    return bytes[0] == 0 ? new Ask(SpecCodec.decode(body)) : new Develop(CodeOrder.decode(body));
  }
}
