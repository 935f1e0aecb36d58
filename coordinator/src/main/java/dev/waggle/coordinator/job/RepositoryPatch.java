package dev.waggle.coordinator.job;

import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.TreeSet;
import org.eclipse.jgit.diff.DiffAlgorithm;
import org.eclipse.jgit.diff.DiffFormatter;
import org.eclipse.jgit.diff.RawText;
import org.eclipse.jgit.diff.RawTextComparator;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectInserter;
import org.eclipse.jgit.util.QuotedString;

/** A change as git writes it, for {@code git apply}. All of its files are texts. */
final class RepositoryPatch {
  private static final DiffAlgorithm ALGORITHM =
      DiffAlgorithm.getAlgorithm(DiffAlgorithm.SupportedAlgorithm.HISTOGRAM);
  private static final String NOWHERE = "/dev/null";

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private RepositoryPatch() {}

  /** How a repository differs from its snapshot, to which the patch applies. */
  static String of(Repository repository) {
    RepositoryPatch patch = new RepositoryPatch();
    RepositoryChange change = repository.change();
    TreeSet<String> paths = new TreeSet<>(change.written().keySet());
    paths.addAll(change.deleted());
    for (String each : paths) {
      try {
        patch.add(each, repository.frozen(each), Optional.ofNullable(change.written().get(each)));
      } catch (IOException e) {
        throw new UncheckedIOException("memory is always there to be written to", e);
      }
    }
    return patch.out.toString(StandardCharsets.UTF_8);
  }

  private void add(String path, Optional<CodeFile> before, Optional<CodeFile> after)
      throws IOException {
    String old = QuotedString.GIT_PATH.quote("a/" + path);
    String now = QuotedString.GIT_PATH.quote("b/" + path);
    line("diff --git " + old + " " + now);
    String mode = mode(before.or(() -> after).orElseThrow());
    if (before.isEmpty()) {
      line("new file mode " + mode);
    } else if (after.isEmpty()) {
      line("deleted file mode " + mode);
    }
    boolean changed = before.isPresent() && after.isPresent();
    line("index " + id(before) + ".." + id(after) + (changed ? " " + mode : ""));
    RawText from = text(before);
    RawText to = text(after);
    if (from.size() + to.size() == 0) {
      return; // A file that is empty comes or goes.
    }
    line("--- " + (before.isPresent() ? old : NOWHERE));
    line("+++ " + (after.isPresent() ? now : NOWHERE));
    try (DiffFormatter formatter = new DiffFormatter(out)) {
      formatter.format(ALGORITHM.diff(RawTextComparator.DEFAULT, from, to), from, to);
    }
  }

  private void line(String text) {
    out.writeBytes((text + "\n").getBytes(StandardCharsets.UTF_8));
  }

  private static String mode(CodeFile file) {
    return file.executable() ? "100755" : "100644";
  }

  private static String id(Optional<CodeFile> file) {
    if (file.isEmpty()) {
      return ObjectId.zeroId().name();
    }
    try (ObjectInserter.Formatter formatter = new ObjectInserter.Formatter()) {
      return formatter.idFor(Constants.OBJ_BLOB, file.get().content().toArray()).name();
    }
  }

  private static RawText text(Optional<CodeFile> file) {
    return new RawText(file.map(CodeFile::content).orElse(Bytes.EMPTY).toArray());
  }
}
