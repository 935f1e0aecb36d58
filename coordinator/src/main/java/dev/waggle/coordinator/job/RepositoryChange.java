package dev.waggle.coordinator.job;

import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What becomes of the files of a repository. It may be nothing.
 *
 * @param written files that are new or have another content, by their paths
 * @param deleted paths of files that are gone
 */
record RepositoryChange(Map<String, CodeFile> written, Set<String> deleted) {
  /** The line of who finds nothing left to be done. */
  static final String NO_CHANGE = "NO CHANGE";

  // Some models write such lines bold, as headings, or the path as code.
  private static final Pattern LINE =
      Pattern.compile("[\\s#*]*(FILE|DELETE):[\\s*`]*(.*?)[\\s*`]*");
  private static final String DELETE = "DELETE";
  private static final Pattern NOTHING = Pattern.compile("[\\s#*`]*" + NO_CHANGE + "[\\s*`.]*");
  private static final Pattern FENCE = Pattern.compile("(`{3,})[^`]*");
  private static final String GIT = ".git";

  RepositoryChange {
    written = Collections.unmodifiableSortedMap(new TreeMap<>(written));
    deleted = Collections.unmodifiableSortedSet(new TreeSet<>(deleted));
  }

  /**
   * Reads {@code FILE: path} lines, each with a fenced block that has the file's whole content, and
   * {@code DELETE: path} lines, or a line that nothing is to be done. What is said around them does
   * not count.
   *
   * @throws UnreadableAnswerException if it is not clear what is meant, or what cannot be is
   *     changed
   */
  static RepositoryChange parse(String answer, Repository repository)
      throws UnreadableAnswerException {
    Parser parser = new Parser(repository);
    parser.read(answer.lines().toList());
    return parser.change();
  }

  boolean isEmpty() {
    return written.isEmpty() && deleted.isEmpty();
  }

  private static final class Parser {
    private final Repository repository;
    private final Map<String, CodeFile> written = new TreeMap<>();
    private final Set<String> deleted = new TreeSet<>();
    private final Set<String> named = new TreeSet<>();
    private boolean nothing;

    Parser(Repository repository) {
      this.repository = repository;
    }

    void read(List<String> lines) throws UnreadableAnswerException {
      int next = 0;
      while (next < lines.size()) {
        String line = lines.get(next).strip();
        next++;
        Matcher named = LINE.matcher(line);
        nothing |= NOTHING.matcher(line).matches();
        if (named.matches() && named.group(1).equals(DELETE)) {
          delete(path(named.group(2)));
        } else if (named.matches()) {
          String path = path(named.group(2));
          while (next < lines.size() && lines.get(next).isBlank()) {
            next++;
          }
          next = block(path, lines, next);
        } else if (FENCE.matcher(line).matches()) {
          throw new UnreadableAnswerException(
              "a block begins without a line \"FILE: path\" before it");
        }
      }
    }

    /** Reads the content of a file; returns the line after it. */
    private int block(String path, List<String> lines, int begin) throws UnreadableAnswerException {
      Matcher fence = FENCE.matcher(begin < lines.size() ? lines.get(begin).strip() : "");
      if (!fence.matches()) {
        throw new UnreadableAnswerException(
            "no block with its content follows \"FILE: " + path + "\"");
      }
      StringBuilder content = new StringBuilder();
      for (int at = begin + 1; at < lines.size(); at++) {
        String line = lines.get(at).stripTrailing();
        if (line.length() >= fence.group(1).length() && line.chars().allMatch(c -> c == '`')) {
          write(path, content.toString());
          return at + 1;
        }
        content.append(lines.get(at)).append('\n');
      }
      throw new UnreadableAnswerException("the block of " + path + " does not end");
    }

    private String path(String path) throws UnreadableAnswerException {
      try {
        CodeFile.check(path);
      } catch (IllegalArgumentException e) {
        throw new UnreadableAnswerException("\"" + path + "\": " + e.getMessage());
      }
      for (String name : path.split("/", -1)) {
        if (name.equalsIgnoreCase(GIT)) {
          throw new UnreadableAnswerException(path + " belongs to git itself");
        }
      }
      if (!named.add(path)) {
        throw new UnreadableAnswerException(path + " is there twice");
      }
      if (named.size() > TaskSpec.Code.FILES_MAX) {
        throw new UnreadableAnswerException(
            "more than " + TaskSpec.Code.FILES_MAX + " files are changed");
      }
      return path;
    }

    private void delete(String path) throws UnreadableAnswerException {
      if (before(path).isEmpty()) {
        if (repository.frozen(path).isPresent()) {
          return; // A part before has done that.
        }
        throw new UnreadableAnswerException(path + " cannot be deleted: there is no such file");
      }
      deleted.add(path);
    }

    /** The content of a file that may be changed; empty when there is none. */
    private Optional<String> before(String path) throws UnreadableAnswerException {
      Optional<CodeFile> file = repository.file(path);
      if (file.isEmpty()) {
        return Optional.empty();
      }
      Optional<String> text = Repository.text(file.get().content());
      if (text.isEmpty()) {
        throw new UnreadableAnswerException(path + " is no text, and cannot be changed");
      }
      return text;
    }

    private void write(String path, String content) throws UnreadableAnswerException {
      Optional<String> before = before(path);
      String now =
          before.isPresent() && endsLinesWithReturn(before.get())
              ? content.replace("\n", "\r\n")
              : content;
      if (!before.equals(Optional.of(now))) {
        boolean executable =
            repository
                .file(path)
                .or(() -> repository.frozen(path))
                .map(CodeFile::executable)
                .orElse(false);
        written.put(path, new CodeFile(path, Bytes.of(now), executable));
      }
    }

    private static boolean endsLinesWithReturn(String text) {
      return text.contains("\r\n") && !text.replace("\r\n", "").contains("\n");
    }

    RepositoryChange change() throws UnreadableAnswerException {
      if (named.isEmpty() && !nothing) {
        throw new UnreadableAnswerException("it names no file");
      }
      Set<String> all = new TreeSet<>(written.keySet());
      repository.files().forEach(each -> all.add(each.path()));
      all.removeAll(deleted);
      for (String path : all) {
        for (int at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
          if (all.contains(path.substring(0, at))) {
            throw new UnreadableAnswerException(
                path.substring(0, at) + " cannot be a file and hold " + path);
          }
        }
      }
      return new RepositoryChange(written, deleted);
    }
  }
}
