package dev.waggle.mesh.fuzz;

import java.util.List;

/** A decoder and bytes that it knows. */
public interface FuzzTarget {
  /** Decodes; whatever is thrown but the decoder's own refusal is a finding. */
  void run(byte[] input) throws Exception;

  /** Bytes to begin with. */
  List<byte[]> seeds() throws Exception;

  /** For the command line. */
  default String name() {
    return getClass().getSimpleName().replaceAll("Fuzz$", "");
  }
}
