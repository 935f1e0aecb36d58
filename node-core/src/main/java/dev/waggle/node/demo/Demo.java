package dev.waggle.node.demo;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.mesh.swarm.capability.Ability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.node.process.NodeProcess;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Patience;
import dev.waggle.worker.engine.llamacpp.TinyModel;
import dev.waggle.worker.engine.ollama.OllamaAddress;
import dev.waggle.worker.engine.ollama.OllamaEngine;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;

/**
 * Shows the main job with nothing but this program: three node processes on loopback become one
 * swarm; a chat at the first, which has no engine, is answered by another; that one is killed; the
 * next chat is answered by the third; and the ledgers prove it.
 *
 * <p>Uses the Ollama of this machine where one answers; otherwise a tiny model that it writes
 * itself and that a real llama.cpp runs. Leaves no process and no file behind.
 */
public final class Demo {
  private static final Duration STEP_MAX = Duration.ofSeconds(30);
  private static final int CONTEXT_TOKENS = 4_096;
  private static final Duration POLL = Duration.ofMillis(50);
  private static final String TINY_MODEL = "waggle-tiny";
  private static final String PROMPT = "What do the bees do?";

  private final PrintStream out;
  private final List<String> program;
  private final DemoApi api = new DemoApi();
  private final List<NodeProcess> nodes = new ArrayList<>();
  private final long begin = System.nanoTime();

  /**
   * @param program the command that starts this program, see {@link NodeProcess#thisProgram}
   */
  public Demo(PrintStream out, List<String> program) {
    this.out = out;
    this.program = program;
  }

  private record Model(String name, boolean ollama) {}

  /**
   * Plays the whole story, in under a minute.
   *
   * @throws DemoException when something did not come out as it should
   * @throws IOException when a node or a file failed
   */
  public void run() throws DemoException, IOException, InterruptedException {
    Path directory = Files.createTempDirectory("waggle-demo");
    Thread cleaning = new Thread(() -> clean(directory), "demo-cleaning");
    Runtime.getRuntime().addShutdownHook(cleaning);
    try {
      play(directory);
    } finally {
      clean(directory);
      Runtime.getRuntime().removeShutdownHook(cleaning);
    }
    say("done: no process and no file is left");
  }

  private void play(Path directory) throws DemoException, IOException, InterruptedException {
    Model model = chooseModel(directory);
    startNodes(directory, model);
    NodeProcess asking = nodes.get(0);
    for (NodeProcess node : nodes.subList(1, nodes.size())) {
      String token = api.post(asking, "/swarm/v1/invites", Map.of()).path("token").asText();
      api.post(node, "/swarm/v1/join", Map.of("token", token));
      say(name(node) + " joined by invite");
    }
    await("both workers to offer the model", () -> workersWith(asking, model.name()) == 2);
    say("node1 sees model " + model.name() + " on two other nodes; it has no engine itself");

    NodeProcess first = ask(asking, model.name());
    first.kill();
    say(name(first) + " killed with -9");
    NodeProcess second = ask(asking, model.name());
    if (second == first) {
      throw new DemoException("the second answer came from the node that was killed");
    }
    for (NodeProcess node : List.of(asking, second)) {
      await(name(node) + "'s receipts", () -> receipts(node) >= (node == asking ? 2 : 1));
      verifyLedger(node);
    }
  }

  private Model chooseModel(Path directory)
      throws DemoException, IOException, InterruptedException {
    Optional<String> ollama = smallestOllamaModel();
    if (ollama.isPresent()) {
      say("using the Ollama on this machine, model " + ollama.get());
      return new Model(ollama.get(), true);
    }
    for (String node : List.of("node2", "node3")) {
      Path models = Files.createDirectories(directory.resolve(node).resolve("models"));
      TinyModel.write(models.resolve(TINY_MODEL + ".gguf"));
    }
    say("no Ollama answers on this machine: wrote a tiny model of its own for llama.cpp");
    return new Model(TINY_MODEL, false);
  }

  /** Of equally small ones one that is in memory. */
  private static Optional<String> smallestOllamaModel() {
    ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    try (OllamaEngine engine =
        new OllamaEngine(
            OllamaAddress.fromEnvironment(),
            CONTEXT_TOKENS,
            new Patience(STEP_MAX, STEP_MAX),
            timer)) {
      return engine.models().stream()
          .filter(model -> model.can(Set.of(Ability.COMPLETION)))
          .min(
              Comparator.comparingLong(ModelOffer::sizeBytes)
                  .thenComparing(model -> !model.loaded()))
          .map(ModelOffer::name);
    } catch (EngineException e) {
      return Optional.empty(); // The model of the demo's own will do.
    } finally {
      timer.shutdownNow();
    }
  }

  private void startNodes(Path directory, Model model) throws IOException, InterruptedException {
    for (String name : List.of("node1", "node2", "node3")) {
      List<String> arguments = new ArrayList<>(List.of("--name", name));
      if (name.equals("node1") || !model.ollama()) {
        arguments.add("--no-ollama");
      }
      if (name.equals("node1") || model.ollama()) {
        arguments.add("--no-llama");
      }
      // Three nodes and a model on one machine are more than it would share otherwise.
      arguments.add("--no-power-policy");
      arguments.addAll(List.of("--sandbox", "off"));
      // Its user's models are asked what the demo asks, and nothing else.
      Path data = Files.createDirectories(directory.resolve(name));
      Files.writeString(data.resolve("config.toml"), "[worker]\nprobe-models = false\n");
      NodeProcess node = NodeProcess.start(program, data, arguments);
      synchronized (nodes) {
        nodes.add(node);
      }
      say(
          String.format(
              "%s is ready after %.1f s at %s, peer %s",
              name,
              node.startTime().toMillis() / 1000.0,
              node.ready().api(),
              node.ready().peerId()));
    }
  }

  /** Chats at a node, shows the tokens as they arrive, and returns who answered. */
  private NodeProcess ask(NodeProcess asking, String model)
      throws DemoException, IOException, InterruptedException {
    say("node1 is asked: " + PROMPT);
    long asked = System.nanoTime();
    long[] first = {0};
    out.print("           | ");
    DemoApi.Answer answer =
        api.chat(
            asking,
            model,
            PROMPT,
            piece -> {
              if (first[0] == 0) {
                first[0] = System.nanoTime();
              }
              out.print(piece.replace("\n", " "));
              out.flush();
            });
    out.println();
    if (answer.text().isBlank()) {
      throw new DemoException("the answer was empty");
    }
    NodeProcess by =
        nodes.stream()
            .filter(node -> node.ready().peerId().equals(answer.node()))
            .findFirst()
            .orElseThrow(() -> new DemoException("no node of the demo is named " + answer.node()));
    if (by == asking) {
      throw new DemoException("the node without an engine answered itself");
    }
    say(
        String.format(
            "answered by %s (%s): first token after %d ms, all after %d ms, task %s",
            name(by),
            answer.node(),
            TimeUnit.NANOSECONDS.toMillis(first[0] - asked),
            TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - asked),
            answer.task()));
    return by;
  }

  private int workersWith(NodeProcess asking, String model)
      throws IOException, InterruptedException {
    int workers = 0;
    for (JsonNode peer : api.get(asking, "/swarm/v1/peers").path("peers")) {
      boolean has =
          StreamSupport.stream(peer.path("models").spliterator(), false)
              .anyMatch(offer -> offer.path("name").asText().equals(model));
      workers += has && peer.path("connected").asBoolean() ? 1 : 0;
    }
    return workers;
  }

  private int receipts(NodeProcess node) throws IOException, InterruptedException {
    int receipts = 0;
    for (JsonNode entry : api.get(node, "/swarm/v1/ledger").path("entries")) {
      receipts += entry.path("type").asText().equalsIgnoreCase("receipt") ? 1 : 0;
    }
    return receipts;
  }

  private void verifyLedger(NodeProcess node)
      throws DemoException, IOException, InterruptedException {
    JsonNode verdict = api.get(node, "/swarm/v1/ledger/verify");
    if (!verdict.path("valid").asBoolean()) {
      throw new DemoException(name(node) + "'s ledger does not verify: " + verdict);
    }
    say(
        String.format(
            "%s's ledger verifies: %d entries, %d receipts signed by both sides",
            name(node), verdict.path("entries").asLong(), receipts(node)));
  }

  private interface Condition {
    boolean holds() throws IOException, InterruptedException;
  }

  private void await(String what, Condition condition)
      throws DemoException, IOException, InterruptedException {
    long deadline = System.nanoTime() + STEP_MAX.toNanos();
    while (!condition.holds()) {
      if (System.nanoTime() > deadline) {
        throw new DemoException("waited " + STEP_MAX.toSeconds() + " s in vain for " + what);
      }
      TimeUnit.MILLISECONDS.sleep(POLL.toMillis());
    }
  }

  private static String name(NodeProcess node) {
    return node.dataDirectory().getFileName().toString();
  }

  private void say(String line) {
    double seconds = (System.nanoTime() - begin) / 1e9;
    out.printf("[%6.2f s] %s%n", seconds, line);
  }

  private void clean(Path directory) {
    synchronized (nodes) {
      nodes.parallelStream().forEach(NodeProcess::close);
      nodes.clear();
    }
    try {
      delete(directory);
    } catch (IOException e) {
      out.println("could not delete " + directory + ": " + e.getMessage());
    }
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(
              Path visited, @org.jspecify.annotations.Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
