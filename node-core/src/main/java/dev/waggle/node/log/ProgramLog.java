package dev.waggle.node.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.FileSize;
import java.nio.file.Path;
import org.slf4j.LoggerFactory;

/**
 * Configures logging for the program. Who embeds a node keeps their own logging and never comes
 * here.
 */
public final class ProgramLog {
  private static final String CONSOLE = "%d{HH:mm:ss.SSS} %-5level %logger{0} - %msg%n%nopex";
  private static final String FILE =
      "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level [%thread] %logger{1} - %msg%n";
  private static final String FILE_SIZE_MAX = "10MB";
  private static final int OLD_FILES = 4;

  private ProgramLog() {}

  /** For a command that only prints its answer: silence. */
  public static void silent() {
    LoggerContext context = fresh();
    context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(Level.OFF);
  }

  /**
   * For a running node: the console's standard error, and {@code node.log} in the folder, which
   * rolls over at {@value #FILE_SIZE_MAX} and keeps {@value #OLD_FILES} older files.
   *
   * @param level of Waggle's own messages; libraries show warnings only
   */
  public static void running(Path directory, String level) {
    LoggerContext context = fresh();
    Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    context.getLogger("dev.waggle").setLevel(Level.toLevel(level));
    root.addAppender(console(context));
    root.addAppender(file(context, directory));
  }

  private static LoggerContext fresh() {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    return context;
  }

  private static Appender<ILoggingEvent> console(LoggerContext context) {
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setTarget("System.err");
    return started(context, console, CONSOLE);
  }

  private static Appender<ILoggingEvent> file(LoggerContext context, Path directory) {
    RollingFileAppender<ILoggingEvent> file = new RollingFileAppender<>();
    file.setContext(context);
    file.setFile(directory.resolve("node.log").toString());
    FixedWindowRollingPolicy rolling = new FixedWindowRollingPolicy();
    rolling.setContext(context);
    rolling.setParent(file);
    rolling.setFileNamePattern(directory.resolve("node.%i.log.gz").toString());
    rolling.setMinIndex(1);
    rolling.setMaxIndex(OLD_FILES);
    rolling.start();
    SizeBasedTriggeringPolicy<ILoggingEvent> trigger = new SizeBasedTriggeringPolicy<>();
    trigger.setContext(context);
    trigger.setMaxFileSize(FileSize.valueOf(FILE_SIZE_MAX));
    trigger.start();
    file.setRollingPolicy(rolling);
    file.setTriggeringPolicy(trigger);
    return started(context, file, FILE);
  }

  private static Appender<ILoggingEvent> started(
      LoggerContext context, OutputStreamAppender<ILoggingEvent> appender, String pattern) {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern(pattern);
    encoder.start();
    appender.setContext(context);
    appender.setEncoder(encoder);
    appender.start();
    return appender;
  }
}
