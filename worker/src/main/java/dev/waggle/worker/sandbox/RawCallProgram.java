package dev.waggle.worker.sandbox;

import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * A static program for Linux that makes the calls of {@link RawCall}, each in a process of its own:
 * what any language has that can start a program of its own directory. It writes a line for each
 * that was not refused, and at its end {@value #END}. A call counts as refused where it does not
 * exist or is not allowed, and where it was killed for.
 */
final class RawCallProgram {
  /** Its file. */
  static final String NAME = "raw-calls";

  /** Its last line. */
  static final String END = NAME + " denied";

  private static final int HEADERS_BYTES = 64 + 56;
  private static final long ADDRESS = 0x400000;
  private static final long PAGE_BYTES_MAX = 0x10000;
  private static final short MACHINE_AMD64 = 62;
  private static final short MACHINE_ARM64 = 183;

  // Rows of the table, as the code reads them.
  private static final int ROW_BYTES = 64;
  private static final int ROW_TEXT_BYTES = 40;
  private static final int NATIVE = 0;
  private static final int INTERRUPT = 1;
  private static final int LAST = 2;

  private record Row(int number, int way, int first, String text) {}

  private RawCallProgram() {}

  /** The program of this machine, as a file for a task. */
  static CodeFile here() {
    return new CodeFile(NAME, Bytes.of(of(System.getProperty("os.arch"))), /* executable= */ true);
  }

  /**
   * The bytes of the program; where there is none, of a script that says so.
   *
   * @param architecture as Java calls it
   */
  static byte[] of(String architecture) {
    return switch (architecture) {
      case "amd64", "x86_64" -> file(MACHINE_AMD64, code("amd64"), amd64());
      case "aarch64" -> file(MACHINE_ARM64, code("arm64"), arm64());
      default -> ("#!/bin/sh\necho " + NAME + " none\n").getBytes(StandardCharsets.US_ASCII);
    };
  }

  private static List<Row> amd64() {
    List<Row> rows = new ArrayList<>();
    for (RawCall each : RawCall.ALL) {
      rows.add(row(each.amd64(), NATIVE, each, ""));
      rows.add(row(each.x32() | RawCall.X32_BIT, NATIVE, each, "-x32"));
      rows.add(row(each.i386(), INTERRUPT, each, "-int80"));
    }
    return rows;
  }

  private static List<Row> arm64() {
    return RawCall.ALL.stream().map(each -> row(each.arm64(), NATIVE, each, "")).toList();
  }

  private static Row row(int number, int way, RawCall call, String suffix) {
    return new Row(number, way, call.first(), "raw-" + call.name() + suffix + " done\n");
  }

  /** An ELF file: its header, one segment that is all of it, the code, and the table behind it. */
  private static byte[] file(short machine, byte[] code, List<Row> rows) {
    int size = HEADERS_BYTES + code.length + (rows.size() + 1) * ROW_BYTES;
    ByteBuffer file = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    file.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}).position(16); // 64 bits, this order.
    file.putShort((short) 2).putShort(machine).putInt(1); // Executable.
    file.putLong(ADDRESS + HEADERS_BYTES).putLong(64).putLong(0).putInt(0);
    file.putShort((short) 64).putShort((short) 56).putShort((short) 1).position(64);
    file.putInt(1).putInt(5).putLong(0); // To be loaded from its beginning, read and run.
    file.putLong(ADDRESS).putLong(ADDRESS).putLong(size).putLong(size).putLong(PAGE_BYTES_MAX);
    file.put(code);
    rows.forEach(row -> put(file, row));
    put(file, new Row(0, LAST, 0, END + "\n"));
    return file.array();
  }

  private static void put(ByteBuffer file, Row row) {
    byte[] text = row.text().getBytes(StandardCharsets.US_ASCII);
    if (text.length > ROW_TEXT_BYTES) {
      throw new IllegalStateException(row.text() + " has no room in a row");
    }
    file.putInt(row.number()).putInt(row.way()).putLong(row.first());
    file.putLong(text.length).put(text).position(file.position() + ROW_TEXT_BYTES - text.length);
  }

  /** The bytes of a listing: what stands first in its lines, two digits each. */
  private static byte[] code(String architecture) {
    StringBuilder digits = new StringBuilder();
    Bait.text("raw-calls." + architecture + ".txt")
        .lines()
        .filter(line -> line.matches("([0-9a-f]{2} )+ .*"))
        .forEach(line -> digits.append(line, 0, line.indexOf("  ")));
    return HexFormat.of().parseHex(digits.toString().replace(" ", ""));
  }
}
