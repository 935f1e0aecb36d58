package dev.waggle.worker.fake;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** An HTTP server that answers with JSON, and for some models goes wrong in one of many ways. */
public abstract class FakeServer implements AutoCloseable {
  /** How an answer can go wrong. */
  public enum Fault {
    /** 503 before anything else. */
    OVERLOADED,
    /** 400 before anything else. */
    BAD_REQUEST,
    /** An error after two pieces. */
    ERROR_MID_STREAM,
    /** The stream ends after two pieces, without saying so. */
    CUT_STREAM,
    /** Nothing more comes after two pieces, and the stream stays open. */
    STALL,
    /** Nothing comes at all, and the stream stays open. */
    SILENCE,
    /** A line that is no JSON. */
    GARBAGE
  }

  static final int CHARACTERS_PER_TOKEN = 4;
  static final int PIECES_BEFORE_FAULT = 2;
  static final long TICK_MS = 20;
  static final ObjectMapper JSON = new ObjectMapper();

  static {
    // Without it every small write waits for the other side's delayed acknowledgement.
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  /** Zero once it is closed. */
  final CountDownLatch closed = new CountDownLatch(1);

  private final HttpServer server;
  private final ExecutorService threads;
  private final Map<String, Fault> faults = new ConcurrentHashMap<>();
  private final AtomicInteger chatting = new AtomicInteger();
  private final AtomicInteger mostAtOnce = new AtomicInteger();
  private final AtomicInteger abandoned = new AtomicInteger();

  FakeServer(InetSocketAddress at, String name) throws IOException {
    threads =
        Executors.newCachedThreadPool(
            work -> {
              Thread thread = new Thread(work, name);
              thread.setDaemon(true);
              return thread;
            });
    server = HttpServer.create(at, 0);
    server.setExecutor(threads);
  }

  void serve(String path, HttpHandler handler) {
    server.createContext(path, handler);
  }

  /** Begins to answer. */
  void start() {
    server.start();
  }

  /** Where it listens. */
  InetSocketAddress listensAt() {
    return server.getAddress();
  }

  /** Makes a model's answers fail from now on. */
  public void fail(String model, Fault fault) {
    faults.put(model, fault);
  }

  @Nullable Fault fault(String model) {
    return faults.get(model);
  }

  void forgetFaults() {
    faults.clear();
  }

  /** Answers that are under way, of chats or the like. */
  public int chatting() {
    return chatting.get();
  }

  /** The most answers that were under way at once. */
  public int mostAtOnce() {
    return mostAtOnce.get();
  }

  /** Answers whose client went away before the end. */
  public int abandoned() {
    return abandoned.get();
  }

  /** Streams one answer. */
  interface Streaming {
    void run(OutputStream out) throws IOException, InterruptedException;
  }

  /** Counts an answer that is streamed in pieces, and ends its exchange. */
  void stream(HttpExchange exchange, String type, Streaming answer) {
    mostAtOnce.accumulateAndGet(chatting.incrementAndGet(), Math::max);
    try {
      exchange.getResponseHeaders().set("content-type", type);
      exchange.sendResponseHeaders(200, 0);
      OutputStream out = exchange.getResponseBody();
      out.flush();
      answer.run(out);
    } catch (IOException e) {
      abandoned.incrementAndGet();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      chatting.decrementAndGet();
      exchange.close();
    }
  }

  static void answer(HttpExchange exchange, int status, JsonNode body) throws IOException {
    byte[] bytes = JSON.writeValueAsBytes(body);
    exchange.getResponseHeaders().set("content-type", "application/json; charset=utf-8");
    exchange.sendResponseHeaders(status, bytes.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(bytes);
    }
    exchange.close();
  }

  /** Sends text at once. */
  static void say(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
