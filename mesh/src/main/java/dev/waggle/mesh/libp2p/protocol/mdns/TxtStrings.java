package dev.waggle.mesh.libp2p.protocol.mdns;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The character strings of a TXT record: each with its length, one byte, before it (RFC 1035). */
final class TxtStrings {
  private static final int LENGTH_MAX = 255;

  private TxtStrings() {}

  /** One TXT record's data; strings that are too long are left out. */
  static byte[] encode(List<String> strings) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (String string : strings) {
      byte[] utf8 = string.getBytes(StandardCharsets.UTF_8);
      if (utf8.length <= LENGTH_MAX) {
        bytes.write(utf8.length);
        bytes.writeBytes(utf8);
      }
    }
    return bytes.toByteArray();
  }

  /** Reads a TXT record's data, up to where it stops making sense. */
  static List<String> decode(byte[] data) {
    List<String> strings = new ArrayList<>();
    int at = 0;
    while (at < data.length) {
      int length = data[at] & 0xff;
      if (at + 1 + length > data.length) {
        break;
      }
      strings.add(new String(data, at + 1, length, StandardCharsets.UTF_8));
      at += 1 + length;
    }
    return strings;
  }
}
