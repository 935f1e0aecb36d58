package dev.waggle.node.program;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.worker.fake.FakeOllama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(90)
class DemoIT {
  private @TempDir Path directory;

  @Test
  void demo_withoutOllama_runsAModelOfItsOwn_andLeavesNothing() throws Exception {
    String told = demo("127.0.0.1:9");
    assertThat(told)
        .contains("no Ollama answers on this machine")
        .contains("bees dance on their honeycomb");
  }

  @Test
  void demo_usesTheOllamaThatAnswers() throws Exception {
    try (FakeOllama ollama = new FakeOllama()) {
      String told = demo(ollama.address().getAuthority());
      assertThat(told).contains("using the Ollama on this machine, model " + FakeOllama.MODEL);
      assertThat(ollama.chats()).hasSize(2);
    }
  }

  private String demo(String ollamaHost) throws Exception {
    Path temporary = Files.createDirectory(directory.resolve("tmp"));
    Path output = directory.resolve("demo.out");
    List<String> command = new ArrayList<>(Program.command());
    command.add("demo");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    // Inherited by every process that the demo starts.
    builder.environment().put("JAVA_TOOL_OPTIONS", "-Djava.io.tmpdir=" + temporary);
    builder.environment().put("OLLAMA_HOST", ollamaHost);
    Process demo = builder.start();
    assertThat(demo.waitFor(80, TimeUnit.SECONDS)).isTrue();
    String told = Files.readString(output);
    assertThat(demo.exitValue()).as(told).isZero();
    assertThat(told)
        .contains("killed with -9")
        .contains("node1's ledger verifies")
        .contains("no process and no file is left");
    assertThat(left(temporary)).isEmpty();
    assertThat(
            ProcessHandle.allProcesses()
                .map(process -> process.info().commandLine().orElse(""))
                .filter(line -> line.contains(temporary.toString())))
        .isEmpty();
    return told;
  }

  private static List<Path> left(Path temporary) throws IOException {
    try (Stream<Path> files = Files.list(temporary)) {
      // The JVM's own files of performance counters go with their processes.
      return files.filter(file -> !file.getFileName().toString().startsWith("hsperf")).toList();
    }
  }
}
