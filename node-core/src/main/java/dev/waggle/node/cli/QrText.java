package dev.waggle.node.cli;

import io.nayuki.qrcodegen.QrCode;

/** A QR code for a terminal: two modules a character, light on dark or dark on light alike. */
final class QrText {
  private static final int QUIET = 2;

  private QrText() {}

  static String of(String text) {
    QrCode code = QrCode.encodeText(text, QrCode.Ecc.LOW);
    StringBuilder lines = new StringBuilder();
    for (int y = -QUIET; y < code.size + QUIET; y += 2) {
      for (int x = -QUIET; x < code.size + QUIET; x++) {
        // A terminal's own background is dark as a rule, so what is light is drawn.
        boolean upper = !code.getModule(x, y);
        boolean lower = y + 1 < code.size + QUIET && !code.getModule(x, y + 1);
        lines.append(upper ? lower ? '█' : '▀' : lower ? '▄' : ' ');
      }
      lines.append(System.lineSeparator());
    }
    return lines.toString();
  }
}
