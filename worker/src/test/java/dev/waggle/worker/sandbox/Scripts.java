package dev.waggle.worker.sandbox;

import dev.waggle.mesh.swarm.exchange.Language;

/**
 * What the tests do in one language.
 *
 * @param echo writes its arguments, one a line, and then its input
 * @param count writes how many bytes its input has
 * @param fail writes {@code out} and, as an error, {@code errors}, and returns 41
 * @param copy writes the content of its first three arguments' files into that of the fourth
 * @param spin never ends
 * @param startAndSpin writes something, and never ends
 * @param flood writes 400,000 bytes as output and as many as errors
 * @param hoard takes a gigabyte piece by piece, and then writes {@code got it all}
 */
public record Scripts(
    String echo,
    String count,
    String fail,
    String copy,
    String spin,
    String startAndSpin,
    String flood,
    String hoard) {
  /** As Python 3, Node.js, the POSIX shell and a JDK understand them. */
  public static Scripts of(Language language) {
    return switch (language) {
      case PYTHON ->
          new Scripts(
              "import sys\nfor a in sys.argv[1:]: print(a)\nsys.stdout.write(sys.stdin.read())",
              "import sys\nprint(len(sys.stdin.buffer.read()))",
              "import sys\nprint('out')\nprint('errors', file=sys.stderr)\nsys.exit(41)",
              "import sys\nwith open(sys.argv[4], 'w') as out:\n"
                  + "  for each in sys.argv[1:4]: out.write(open(each).read())",
              "while True: pass",
              "print('x', flush=True)\nwhile True: pass",
              "import sys\nfor i in range(4):\n  sys.stdout.write('x' * 100000)\n"
                  + "  sys.stderr.write('x' * 100000)",
              "kept = []\nfor i in range(256): kept.append(b'x' * (4 << 20))\nprint('got it all')");
      case JAVASCRIPT ->
          new Scripts(
              "process.argv.slice(2).forEach((a) => console.log(a));"
                  + "process.stdout.write(require('fs').readFileSync(0))",
              "console.log(require('fs').readFileSync(0).length)",
              "console.log('out'); console.error('errors'); process.exitCode = 41",
              "const fs = require('fs'); const a = process.argv.slice(2);"
                  + "fs.writeFileSync(a[3], a.slice(0, 3).map((f) => fs.readFileSync(f)).join(''))",
              "for (;;);",
              "require('fs').writeSync(1, 'x'); for (;;);",
              "for (let i = 0; i < 4; i++) {"
                  + "process.stdout.write('x'.repeat(1e5)); process.stderr.write('x'.repeat(1e5)) }",
              "const kept = []; for (let i = 0; i < 256; i++) kept.push(Buffer.alloc(4 << 20, 1));"
                  + "console.log('got it all')");
      case SHELL ->
          new Scripts(
              "for a; do printf '%s\\n' \"$a\"; done; cat",
              "wc -c",
              "echo out; echo errors >&2; exit 41",
              "cat \"$1\" \"$2\" \"$3\" >\"$4\"",
              "while :; do :; done",
              "echo x; while :; do :; done",
              "head -c 400000 /dev/zero; head -c 400000 /dev/zero >&2",
              "x=xxxxxxxxxxxxxxxx; while [ ${#x} -lt 1000000000 ]; do x=$x$x; done;"
                  + "echo got it all");
      case JAVA ->
          new Scripts(
              java(
                  "for (String each : args) System.out.println(each);"
                      + "System.in.transferTo(System.out); System.out.flush();"),
              java("System.out.println(System.in.readAllBytes().length);"),
              java("System.out.println(\"out\"); System.err.println(\"errors\"); System.exit(41);"),
              java(
                  "var out = new StringBuilder(); for (int i = 0; i < 3; i++)"
                      + " out.append(java.nio.file.Files.readString("
                      + "java.nio.file.Path.of(args[i])));"
                      + "java.nio.file.Files.writeString(java.nio.file.Path.of(args[3]), out);"),
              java("while (true) Thread.onSpinWait();"),
              java("System.out.println(1); while (true) Thread.onSpinWait();"),
              java(
                  "for (int i = 0; i < 4; i++) { System.out.print(\"x\".repeat(100000));"
                      + " System.err.print(\"x\".repeat(100000)); }"),
              java(
                  "var kept = new java.util.ArrayList<byte[]>(); for (int i = 0; i < 256; i++)"
                      + " kept.add(new byte[4 << 20]); System.out.println(\"got it all\");"));
    };
  }

  private static String java(String body) {
    return "public class Main { public static void main(String[] args) throws Exception { "
        + body
        + " } }";
  }
}
