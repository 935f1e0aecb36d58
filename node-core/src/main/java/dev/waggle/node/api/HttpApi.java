package dev.waggle.node.api;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The HTTP server of a node. */
public final class HttpApi implements AutoCloseable {
  /** The largest request, in bytes. */
  public static final int BODY_BYTES_MAX = 16 << 20;

  private static final Logger log = LoggerFactory.getLogger(HttpApi.class);
  private static final Duration START_MAX = Duration.ofSeconds(20);
  private static final Duration CLOSE_MAX = Duration.ofSeconds(5);
  private static final Duration LINGER = Duration.ofSeconds(5);
  private static final int HEADER_BYTES_MAX = 32 << 10;
  private static final int IDLE_SECONDS_MAX = 600;
  private static final int JSON_DEPTH_MAX = 64;
  private static final int EVENT_LOOPS = 2;
  private static final ObjectMapper JSON = mapper();

  private final Vertx vertx;
  private final InetSocketAddress address;

  private HttpApi(Vertx vertx, InetSocketAddress address) {
    this.vertx = vertx;
    this.address = address;
  }

  private static ObjectMapper mapper() {
    ObjectMapper mapper = new ObjectMapper();
    mapper
        .getFactory()
        .setStreamReadConstraints(
            com.fasterxml.jackson.core.StreamReadConstraints.builder()
                .maxNestingDepth(JSON_DEPTH_MAX)
                .build());
    mapper.enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    mapper.enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);
    return mapper;
  }

  /** Begins what takes longest; the result belongs to {@link #start}. */
  public static CompletableFuture<Vertx> prepare(Executor blocking) {
    return CompletableFuture.supplyAsync(
        () ->
            Vertx.vertx(
                new VertxOptions()
                    .setEventLoopPoolSize(EVENT_LOOPS)
                    .setWorkerPoolSize(2)
                    .setInternalBlockingPoolSize(2)
                    // No file is served, so none need be kept in a cache.
                    .setFileSystemOptions(
                        new FileSystemOptions()
                            .setFileCachingEnabled(false)
                            .setClassPathResolvingEnabled(false))),
        blocking);
  }

  /**
   * Listens at the configured address.
   *
   * @param token what changing calls have to show
   * @param version of this software
   * @throws IOException naming the address that is taken, and what to do
   */
  public static HttpApi start(
      NodeControl node,
      String token,
      String version,
      CompletableFuture<Vertx> prepared,
      Executor blocking)
      throws IOException, InterruptedException {
    InetSocketAddress wanted = node.config().apiAddress();
    try {
      Vertx vertx = prepared.get(START_MAX.toSeconds(), TimeUnit.SECONDS);
      Future<HttpServer> listening =
          vertx
              .createHttpServer(
                  new HttpServerOptions()
                      .setMaxHeaderSize(HEADER_BYTES_MAX)
                      .setIdleTimeout(IDLE_SECONDS_MAX)
                      .setTcpNoDelay(true))
              .requestHandler(router(node, token, version, vertx, blocking))
              .listen(wanted.getPort(), wanted.getAddress().getHostAddress());
      HttpServer server =
          listening
              .toCompletionStage()
              .toCompletableFuture()
              .get(START_MAX.toSeconds(), TimeUnit.SECONDS);
      return new HttpApi(vertx, new InetSocketAddress(wanted.getAddress(), server.actualPort()));
    } catch (ExecutionException | TimeoutException e) {
      prepared.thenAccept(Vertx::close);
      Throwable cause = e.getCause() == null ? e : e.getCause();
      String remedy =
          cause instanceof BindException ? " (is another node running? choose one with --api)" : "";
      throw new IOException(
          "the API cannot listen at "
              + wanted.getHostString()
              + ":"
              + wanted.getPort()
              + ": "
              + cause.getMessage()
              + remedy,
          cause);
    }
  }

  private static Router router(
      NodeControl node, String token, String version, Vertx vertx, Executor blocking) {
    Guard guard = new Guard(node.config(), token, node.accessTokens());
    ApiMetrics metrics = new ApiMetrics(node);
    Router router = Router.router(vertx);
    router.route().failureHandler(HttpApi::fail);
    router.route().handler(guard::check);
    JobHomes homes = new JobHomes(node, blocking);
    new ArtifactRoutes(node, homes, guard, vertx, blocking).addTo(router);
    router.route().handler(BodyHandler.create(false).setBodyLimit(BODY_BYTES_MAX));
    router
        .get("/healthz")
        .handler(
            context -> send(context, JsonNodeFactory.instance.objectNode().put("status", "ok")));
    router
        .get("/metrics")
        .handler(
            context ->
                context
                    .response()
                    .putHeader("content-type", "text/plain; version=0.0.4; charset=utf-8")
                    .end(metrics.scrape()));
    new ModelRoutes(node, version, vertx, metrics).addTo(router);
    LaterAnswers later = new LaterAnswers(vertx, blocking);
    new LedgerRoutes(node, guard, later).addTo(router);
    new ConductRoutes(node, guard, later).addTo(router);
    new StatementRoutes(node, guard, later).addTo(router);
    new TaskRoutes(node, guard, later).addTo(router);
    new JobRoutes(node, homes, guard, later, vertx, blocking).addTo(router);
    LaterAnswers transfers = new LaterAnswers(vertx, node.modelTransfers().fetching());
    new PullRoutes(node, guard, transfers).addTo(router);
    new FetchRoutes(node, guard, transfers).addTo(router);
    OwnerRoutes owner = new OwnerRoutes(node, guard, later);
    owner.addTo(router);
    new SwarmRoutes(node, version, owner).addTo(router);
    new MembershipRoutes(node, guard, later).addTo(router);
    new TokenRoutes(node.accessTokens(), guard, later).addTo(router);
    for (int status : new int[] {400, 404, 405, 413, 414, 431, 500}) {
      router.errorHandler(status, HttpApi::fail);
    }
    return router;
  }

  /** Where it listens; the port is the real one. */
  public InetSocketAddress address() {
    return address;
  }

  private static boolean hasBody(RoutingContext context) {
    return context.body().length() > 0;
  }

  /** The fields of a request whose body may be left out. */
  static JsonFields fields(RoutingContext context) {
    return new JsonFields(hasBody(context) ? json(context) : JsonNodeFactory.instance.objectNode());
  }

  /** The request's body, refused unless it is JSON and says so. */
  static JsonNode json(RoutingContext context) {
    String type = context.request().getHeader("content-type");
    if (type != null && !isJson(context, type)) {
      throw new ApiException(
          ApiError.of(415, "the content type has to be application/json", "unsupported_type"));
    }
    try {
      JsonNode body = hasBody(context) ? JSON.readTree(context.body().buffer().getBytes()) : null;
      if (body == null) {
        throw new ApiException(ApiError.badRequest("the body is empty: it has to be JSON", null));
      }
      return body;
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      var where = e.getLocation();
      throw new ApiException(
          ApiError.badRequest(
              "the body is not valid JSON"
                  + (where == null
                      ? ""
                      : ": line " + where.getLineNr() + ", column " + where.getColumnNr()),
              null));
    } catch (IOException e) {
      throw new ApiException(ApiError.badRequest("the body cannot be read", null));
    }
  }

  private static boolean isJson(RoutingContext context, String type) {
    String plain = type.replaceAll(";.*$", "").strip().toLowerCase(Locale.ROOT);
    // Ollama takes JSON under any name; its users call it with plain "curl -d", which says this.
    boolean curl =
        isOllama(context.request().path()) && plain.equals("application/x-www-form-urlencoded");
    return plain.equals("application/json") || plain.endsWith("+json") || curl;
  }

  private static boolean isOllama(String path) {
    return path.startsWith("/api/");
  }

  static void send(RoutingContext context, JsonNode body) {
    context.response().putHeader("content-type", "application/json").end(body.toString());
  }

  /** Sends an error whose body is written already. */
  static void send(HttpServerResponse response, ApiError error, String body) {
    error
        .retryAfter()
        .ifPresent(
            time ->
                response.putHeader(
                    "retry-after", Long.toString(Math.max(1, (time.toMillis() + 999) / 1_000))));
    response.setStatusCode(error.status());
    response.putHeader("content-type", "application/json");
    response.end(body);
  }

  private static void fail(RoutingContext context) {
    HttpServerResponse response = context.response();
    if (response.ended() || response.closed()) {
      return;
    }
    if (response.headWritten()) {
      response.reset();
      return;
    }
    ApiError error = error(context);
    if (error.status() == 413) {
      // What still comes is thrown away, so that a client that sends first can read why.
      response.putHeader("connection", "close");
      HttpConnection connection = context.request().connection();
      context.vertx().setTimer(LINGER.toMillis(), id -> connection.close());
    }
    boolean ollama = isOllama(context.request().path());
    send(response, error, (ollama ? error.ollama() : error.openAi()).toString());
  }

  private static ApiError error(RoutingContext context) {
    if (context.failure() instanceof ApiException known) {
      return known.error();
    }
    String path = context.request().path();
    return switch (context.statusCode()) {
      case 404 -> ApiError.of(404, "there is nothing at " + path, "not_found");
      case 405 ->
          ApiError.of(
              405,
              context.request().method() + " is not possible at " + path,
              "method_not_allowed");
      case 413 ->
          ApiError.of(
              413, "the body is larger than " + BODY_BYTES_MAX + " bytes", "body_too_large");
      case 400 -> ApiError.badRequest("the request cannot be read", null);
      default -> {
        log.error("{} {} failed", context.request().method(), path, context.failure());
        yield ApiError.of(500, "this node failed; its log says why", "internal");
      }
    };
  }

  /** Ends every connection; a few seconds at most. */
  @Override
  public void close() {
    try {
      vertx
          .close()
          .toCompletionStage()
          .toCompletableFuture()
          .get(CLOSE_MAX.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      log.warn("the API did not close in order: {}", e.toString());
    }
  }
}
