package dev.waggle.node.bench;

import dev.waggle.node.process.NodeProcess;
import dev.waggle.worker.fake.FakeOllama;
import dev.waggle.worker.fake.FakeOllama.Pace;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Prints what the gateway adds to the time of answers under load, what it holds open, how the work
 * of several workers adds up, what warm prefixes save, and how fast an answer goes on elsewhere.
 * Engines are fakes in this process; their nodes are processes.
 *
 * <p>Arguments: node.jar, the home of the JDK to measure, and, to leave the others out, the names
 * of {@link Part}s.
 */
public final class GatewayBench {
  private static final String COMPLETIONS = "/v1/chat/completions";
  private static final int PER_SECOND = 200;
  private static final int SECONDS = 10;
  private static final int ROUNDS = 3;
  private static final int WARM_UP = 6;
  private static final int WARM_UP_SECONDS = 20;
  private static final int TOKENS = 1_500;
  private static final int OPEN_STREAMS = 2_000;
  private static final int TASKS = 30;
  private static final int TASK_PIECES = 200;
  private static final int CONVERSATIONS = 3;
  private static final int TURNS = 12;
  private static final double MEGA = 1e6;

  /** What is measured. */
  private enum Part {
    LOAD,
    OPEN,
    AGGREGATE,
    AFFINITY,
    RECOVERY
  }

  private final List<String> program;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private GatewayBench(List<String> program) {
    this.program = program;
  }

  public static void main(String[] arguments) throws Exception {
    GatewayBench bench =
        new GatewayBench(List.of(arguments[1] + "/bin/java", "-jar", arguments[0]));
    System.out.printf("gateway, %s%n", arguments[1].replaceAll(".*/", ""));
    int status = 1;
    try {
      for (Part each : Part.values()) {
        if (arguments.length == 2 || List.of(arguments).contains(each.name())) {
          bench.measure(each);
        }
      }
      status = 0;
    } catch (IOException | ExecutionException e) {
      System.err.println("the measurement broke off: " + e);
    }
    System.exit(status); // The engines' threads stay.
  }

  private void measure(Part part) throws Exception {
    switch (part) {
      case LOAD -> load();
      case OPEN -> open();
      case AGGREGATE -> aggregate();
      case AFFINITY -> affinity();
      case RECOVERY -> recovery();
    }
  }

  // ---- asking

  /** What is heard of an answer: each line, when it comes. */
  private void ask(URI address, String prompt, Consumer<String> line)
      throws IOException, InterruptedException {
    askWho(address, prompt, node -> line);
  }

  /**
   * The same.
   *
   * @param begun hears who answers, and gives what hears the lines
   */
  private void askWho(URI address, String prompt, Function<String, Consumer<String>> begun)
      throws IOException, InterruptedException {
    String body =
        "{\"model\":\""
            + FakeOllama.MODEL
            + "\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\""
            + prompt
            + "\"}]}";
    HttpResponse<InputStream> response =
        http.send(
            HttpRequest.newBuilder(address)
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build(),
            HttpResponse.BodyHandlers.ofInputStream());
    if (response.statusCode() != 200) {
      throw new IOException(
          response.statusCode()
              + " "
              + new String(response.body().readAllBytes(), StandardCharsets.UTF_8));
    }
    Consumer<String> line = begun.apply(response.headers().firstValue("x-waggle-node").orElse(""));
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      for (String each = lines.readLine(); each != null; each = lines.readLine()) {
        line.accept(each);
      }
    }
  }

  private long firstNanos(URI address, String prompt, String word)
      throws IOException, InterruptedException {
    long begin = System.nanoTime();
    long[] first = new long[1];
    ask(
        address,
        prompt,
        line -> {
          if (first[0] == 0 && line.contains(word)) {
            first[0] = System.nanoTime() - begin;
          }
        });
    return first[0];
  }

  private static double millis(List<Long> values, int percent) {
    List<Long> sorted = values.stream().sorted().toList();
    return sorted.get(Math.min(sorted.size() - 1, sorted.size() * percent / 100)) / MEGA;
  }

  // ---- added latency

  private void load() throws Exception {
    try (BenchSwarm swarm =
        new BenchSwarm(program, 1, "slots = 16\nslots-per-model = 16\nqueue = 256\n")) {
      URI direct = swarm.engines().get(0).address().resolve("/api/chat");
      URI local = swarm.workers().get(0).ready().api().resolve(COMPLETIONS);
      URI remote = swarm.asking().ready().api().resolve(COMPLETIONS);
      List<URI> routes = List.of(direct, local, remote);
      // A node runs all day: what its JVM compiles at first is no part of this.
      for (int i = 0; i < WARM_UP; i++) {
        atRate(direct, WARM_UP_SECONDS / WARM_UP);
        atRate(local, WARM_UP_SECONDS);
        atRate(remote, WARM_UP_SECONDS);
      }
      List<List<Long>> times = inTurn(routes, each -> atRate(each, SECONDS));
      String[] names = {"engine directly", "local path", "remote path"};
      for (int i = 0; i < names.length; i++) {
        System.out.printf(
            "  %-15s first byte at %d/s: p50 %.2f ms, p99 %.2f ms",
            names[i], PER_SECOND, millis(times.get(i), 50), millis(times.get(i), 99));
        if (i > 0) {
          System.out.printf(
              "; added p50 %.2f ms, p99 %.2f ms",
              millis(times.get(i), 50) - millis(times.get(0), 50),
              millis(times.get(i), 99) - millis(times.get(0), 99));
        }
        System.out.println();
      }
      swarm.engines().get(0).pace(new Pace(Duration.ZERO, Duration.ZERO, Duration.ofMillis(2)));
      for (int i = 0; i < WARM_UP; i++) {
        for (URI each : routes) {
          tokens(each);
        }
      }
      List<List<Long>> ages = inTurn(routes, this::tokens);
      List<Long> directly = ages.get(0);
      for (int i = 1; i < names.length; i++) {
        List<Long> through = ages.get(i);
        System.out.printf(
            "  %-15s each token: added p50 %.2f ms, p99 %.2f ms%n",
            names[i],
            millis(through, 50) - millis(directly, 50),
            millis(through, 99) - millis(directly, 99));
      }
    }
  }

  /** What is measured on one route. */
  private interface Measure {
    List<Long> on(URI route) throws Exception;
  }

  /** Measures each route some times, so that a slow moment of the machine is not one's alone. */
  private static List<List<Long>> inTurn(List<URI> routes, Measure measure) throws Exception {
    List<List<Long>> values = new ArrayList<>();
    routes.forEach(each -> values.add(new ArrayList<>()));
    for (int round = 0; round < ROUNDS; round++) {
      for (int i = 0; i < routes.size(); i++) {
        System.gc(); // Else the pauses of this process would be measured, too.
        values.get(i).addAll(measure.on(routes.get(i)));
      }
    }
    return values;
  }

  private List<Long> atRate(URI address, int seconds) throws Exception {
    ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    ExecutorService clients = Executors.newFixedThreadPool(64);
    List<Future<Long>> answers = Collections.synchronizedList(new ArrayList<>());
    CountDownLatch sent = new CountDownLatch(PER_SECOND * seconds);
    clock.scheduleAtFixedRate(
        () -> {
          if (sent.getCount() > 0) {
            answers.add(
                clients.submit(() -> firstNanos(address, "hello", FakeOllama.ANSWER.get(0))));
            sent.countDown();
          }
        },
        0,
        1_000_000_000L / PER_SECOND,
        TimeUnit.NANOSECONDS);
    sent.await();
    clock.shutdownNow();
    List<Long> times = new ArrayList<>();
    for (Future<Long> each : answers) {
      times.add(each.get());
    }
    clients.shutdownNow();
    return times;
  }

  /** How old each token is when it comes: the engine stamps it with the time. */
  private List<Long> tokens(URI address) throws Exception {
    List<Long> ages = new ArrayList<>();
    ask(
        address,
        "clock " + TOKENS,
        line -> {
          long now = System.nanoTime();
          int at = line.indexOf("@");
          if (at >= 0) {
            ages.add(now - Long.parseLong(line.substring(at + 1, line.indexOf("@", at + 1))));
          }
        });
    return ages.subList(TOKENS / 5, ages.size()); // The first ones came with the first byte.
  }

  // ---- open streams

  private void open() throws Exception {
    String settings = "slots = 64\nslots-per-model = 64\nqueue = 4096\n";
    try (BenchSwarm swarm = new BenchSwarm(program, 1, settings)) {
      swarm.engines().get(0).pace(new Pace(Duration.ZERO, Duration.ofMinutes(10), Duration.ZERO));
      NodeProcess node = swarm.workers().get(0);
      URI address = node.ready().api().resolve(COMPLETIONS);
      List<InputStream> streams = new ArrayList<>();
      List<CompletableFuture<HttpResponse<InputStream>>> asked = new ArrayList<>();
      for (int i = 0; i < OPEN_STREAMS; i++) {
        asked.add(
            http.sendAsync(
                HttpRequest.newBuilder(address)
                    .header("content-type", "application/json")
                    .POST(
                        HttpRequest.BodyPublishers.ofString(
                            "{\"model\":\""
                                + FakeOllama.MODEL
                                + "\",\"stream\":true,\"messages\":[{\"role\":\"user\","
                                + "\"content\":\"hello\"}]}"))
                    .build(),
                HttpResponse.BodyHandlers.ofInputStream()));
      }
      int open = 0;
      for (CompletableFuture<HttpResponse<InputStream>> each : asked) {
        HttpResponse<InputStream> response = each.get(60, TimeUnit.SECONDS);
        open += response.statusCode() == 200 ? 1 : 0;
        streams.add(response.body());
      }
      System.out.printf(
          "  %d streams open at once on one node: %.0f MB resident%n",
          open, Resident.bytes(node) / MEGA);
      for (InputStream each : streams) {
        each.close();
      }
    }
  }

  // ---- several workers

  private void aggregate() throws Exception {
    double one = tokensPerSecond(1);
    double three = tokensPerSecond(3);
    System.out.printf(
        "  one worker %.0f tokens/s, three %.0f: %.2f times as many%n", one, three, three / one);
  }

  private double tokensPerSecond(int workers) throws Exception {
    try (BenchSwarm swarm = new BenchSwarm(program, workers, "slots = 1\nqueue = 64\n")) {
      swarm
          .engines()
          .forEach(each -> each.pace(new Pace(Duration.ZERO, Duration.ZERO, Duration.ofMillis(5))));
      URI address = swarm.asking().ready().api().resolve(COMPLETIONS);
      run(address, WARM_UP * workers); // The workers learn how fast they are.
      long begin = System.nanoTime();
      run(address, TASKS);
      return TASKS * (double) TASK_PIECES / ((System.nanoTime() - begin) / 1e9);
    }
  }

  private void run(URI address, int tasks) throws Exception {
    ExecutorService clients = Executors.newFixedThreadPool(tasks);
    List<Future<?>> answers = new ArrayList<>();
    for (int i = 0; i < tasks; i++) {
      String prompt = "pattern task" + i + " " + TASK_PIECES;
      answers.add(
          clients.submit(
              () -> {
                ask(address, prompt, line -> {});
                return null;
              }));
    }
    for (Future<?> each : answers) {
      each.get();
    }
    clients.shutdownNow();
  }

  // ---- warm prefixes

  private void affinity() throws Exception {
    try (BenchSwarm swarm = new BenchSwarm(program, CONVERSATIONS, "slots = 1\nqueue = 64\n")) {
      Pace pace = new Pace(Duration.ZERO, Duration.ofNanos(200_000), Duration.ZERO);
      swarm.engines().forEach(each -> each.pace(pace));
      URI gateway = swarm.asking().ready().api().resolve(COMPLETIONS);
      List<URI> engines =
          swarm.engines().stream().map(each -> each.address().resolve("/api/chat")).toList();
      int[] next = new int[1];
      double roundRobin = trace("a", prompt -> engines.get(next[0]++ % engines.size()));
      double warm = trace("b", prompt -> gateway);
      System.out.printf(
          "  first token on a trace of %d conversations: round robin %.0f ms, through the swarm"
              + " %.0f ms: %.0f %% less%n",
          CONVERSATIONS, roundRobin, warm, 100 * (1 - warm / roundRobin));
    }
  }

  private interface Router {
    URI route(String prompt);
  }

  /** The mean time to the first token of all turns but the first of each conversation. */
  private double trace(String name, Router router) throws Exception {
    List<StringBuilder> talks = new ArrayList<>();
    for (int i = 0; i < CONVERSATIONS; i++) {
      talks.add(new StringBuilder(name + i + " ").append(("context " + i + " ").repeat(800)));
    }
    List<Integer> order = new ArrayList<>();
    for (int turn = 0; turn < TURNS * CONVERSATIONS; turn++) {
      order.add(turn % CONVERSATIONS);
    }
    Collections.shuffle(order, new Random(7));
    List<Long> times = new ArrayList<>();
    boolean[] begun = new boolean[CONVERSATIONS];
    for (int talk : order) {
      StringBuilder prompt = talks.get(talk).append("and another thing that comes up. ");
      URI address = router.route(prompt.toString());
      long time = firstNanos(address, prompt.toString(), FakeOllama.ANSWER.get(0));
      if (begun[talk]) {
        times.add(time);
      }
      begun[talk] = true;
    }
    return times.stream().mapToLong(each -> each).average().orElse(0) / MEGA;
  }

  // ---- recovery

  private void recovery() throws Exception {
    for (String signal : List.of("-KILL", "-STOP")) {
      try (BenchSwarm swarm = new BenchSwarm(program, 2, "slots = 2\n")) {
        Pace pace = new Pace(Duration.ZERO, Duration.ZERO, Duration.ofMillis(10));
        swarm.engines().forEach(each -> each.pace(pace));
        List<Long> times = new ArrayList<>();
        askWho(
            swarm.asking().ready().api().resolve(COMPLETIONS),
            "pattern resumed 300",
            node ->
                line -> {
                  if (line.contains("resumed-")) {
                    times.add(System.nanoTime());
                    if (times.size() == 100) {
                      kill(swarm, node, signal);
                    }
                  }
                });
        long gap = 0;
        for (int i = 1; i < times.size(); i++) {
          gap = Math.max(gap, times.get(i) - times.get(i - 1));
        }
        System.out.printf(
            "  worker gets %s in the middle: %d of 300 tokens come, the longest pause is %.2f s%n",
            signal, times.size(), gap / 1e9);
        for (NodeProcess each : swarm.workers()) {
          each.kill(); // A frozen one does not close.
        }
      }
    }
  }

  private static void kill(BenchSwarm swarm, String node, String signal) {
    for (NodeProcess each : swarm.workers()) {
      if (each.ready().peerId().equals(node)) {
        try {
          long pid = each.handle().pid();
          new ProcessBuilder("kill", signal, Long.toString(pid)).start().waitFor();
        } catch (IOException | InterruptedException e) {
          throw new AssertionError(e);
        }
      }
    }
  }
}
