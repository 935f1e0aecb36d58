package dev.waggle.mesh.swarm.exchange;

import java.util.List;

/** A piece of a result, in order. */
public sealed interface Chunk {
  /** The most bytes of code's output or of a file in one piece. */
  int PART_BYTES_MAX = 64 << 10;

  /**
   * Text of the answer.
   *
   * @param logprobs how likely its tokens were; empty unless asked for
   */
  record Text(String text, List<Logprob> logprobs) implements Chunk {
    public Text {
      logprobs = List.copyOf(logprobs);
    }

    public Text(String text) {
      this(text, List.of());
    }

    @Override
    public long bytes() {
      return Utf8.length(text);
    }
  }

  /** Text of a model's visible reasoning, which is not part of the answer. */
  record Thinking(String text) implements Chunk {
    @Override
    public long bytes() {
      return Utf8.length(text);
    }
  }

  /** The next part of a call. */
  record Call(ToolCall part) implements Chunk {
    @Override
    public long bytes() {
      return Utf8.length(part.name()) + Utf8.length(part.arguments());
    }
  }

  /**
   * The vector of one input.
   *
   * @param index which input, from 0
   */
  record Vector(int index, List<Float> values) implements Chunk {
    public Vector {
      values = List.copyOf(values);
    }

    @Override
    public long bytes() {
      return 4L * values.size();
    }
  }

  /**
   * What code wrote.
   *
   * @param error whether as an error, else as its output
   */
  record Output(boolean error, Bytes written) implements Chunk {
    @Override
    public long bytes() {
      return written.size();
    }
  }

  /**
   * The next part of a file that code made.
   *
   * @param path as the task asked for it
   * @param last whether the file is complete with it
   */
  record Artifact(String path, Bytes part, boolean last) implements Chunk {
    public Artifact {
      CodeFile.check(path);
    }

    @Override
    public long bytes() {
      return part.size();
    }
  }

  /** How code ended; comes last. */
  record Exit(ExitReport report) implements Chunk {
    @Override
    public long bytes() {
      return 0;
    }
  }

  /** How long what it says is; worker and requester both count that. */
  long bytes();
}
