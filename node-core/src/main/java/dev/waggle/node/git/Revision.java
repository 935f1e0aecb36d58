package dev.waggle.node.git;

import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.Snapshot;
import dev.waggle.mesh.swarm.snapshot.FileArchive;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.Status;
import org.eclipse.jgit.api.errors.GitAPIException;
import org.eclipse.jgit.errors.NoWorkTreeException;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectLoader;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.lib.RepositoryBuilder;
import org.eclipse.jgit.treewalk.TreeWalk;
import org.eclipse.jgit.util.SystemReader;

/**
 * A revision of a repository as it was committed; the same one always freezes to the same bytes.
 *
 * @param archive its files, as {@link FileArchive} writes them
 * @param leftOut paths that no snapshot has: links, submodules, and names that not every system has
 * @param uncommitted whether the working tree has changes that are not in it
 */
public record Revision(byte[] archive, List<String> leftOut, boolean uncommitted) {
  private static final String TREE = "^{tree}";

  public Revision {
    leftOut = List.copyOf(leftOut);
  }

  /**
   * Freezes a revision; blocks.
   *
   * @param text {@code DIR} or {@code DIR@REV}: any directory of the repository, and what git takes
   *     for a revision, {@code HEAD} where none is named
   * @throws RevisionException naming the cause and the remedy
   */
  public static Revision read(String text) throws RevisionException {
    Path directory = Path.of(text);
    String name = Constants.HEAD;
    int at = text.length();
    while (!Files.isDirectory(directory)) {
      at = text.lastIndexOf('@', at - 1);
      if (at <= 0) {
        throw new RevisionException("there is no directory " + text + " (give DIR or DIR@REV)");
      }
      directory = Path.of(text.substring(0, at));
      name = text.substring(at + 1);
    }
    SystemReader system = SystemReader.getInstance();
    SystemReader.setInstance(new OwnConfigOnly(system));
    try (Repository repository = open(directory)) {
      return read(repository, directory, name);
    } catch (IOException | GitAPIException e) {
      throw new RevisionException(
          "the repository of " + directory + " cannot be read: " + e.getMessage(), e);
    } finally {
      SystemReader.setInstance(system);
    }
  }

  private static Repository open(Path directory) throws IOException, RevisionException {
    RepositoryBuilder builder = new RepositoryBuilder();
    builder.findGitDir(directory.toAbsolutePath().toFile());
    if (builder.getGitDir() == null) {
      throw new RevisionException(directory + " is in no git repository");
    }
    return builder.setMustExist(true).build();
  }

  private static Revision read(Repository repository, Path directory, String name)
      throws IOException, GitAPIException, RevisionException {
    ObjectId tree = repository.resolve(name + TREE);
    if (tree == null) {
      throw new RevisionException(
          "the repository of " + directory + " has no revision \"" + name + "\"");
    }
    List<CodeFile> files = new ArrayList<>();
    List<String> leftOut = new ArrayList<>();
    try (TreeWalk walk = new TreeWalk(repository)) {
      walk.addTree(tree);
      walk.setRecursive(true);
      long bytes = 0;
      while (walk.next()) {
        String path = walk.getPathString();
        FileMode mode = walk.getFileMode(0);
        boolean executable = mode == FileMode.EXECUTABLE_FILE;
        if (!(executable || mode == FileMode.REGULAR_FILE) || !isPath(path)) {
          leftOut.add(path);
          continue;
        }
        ObjectLoader content = repository.open(walk.getObjectId(0), Constants.OBJ_BLOB);
        bytes += content.getSize();
        if (files.size() == Snapshot.FILES_MAX || bytes > Snapshot.BYTES_MAX) {
          throw tooLarge(name);
        }
        byte[] all = content.getBytes(Math.toIntExact(content.getSize()));
        files.add(new CodeFile(path, Bytes.of(all), executable));
      }
    }
    files.sort(Comparator.comparing(CodeFile::path));
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    FileArchive.write(archive, files);
    if (archive.size() > Snapshot.BYTES_MAX) {
      throw tooLarge(name);
    }
    return new Revision(archive.toByteArray(), leftOut, hasUncommitted(repository));
  }

  private static RevisionException tooLarge(String name) {
    return new RevisionException(
        "revision \""
            + name
            + "\" is larger than a snapshot may be: "
            + Snapshot.FILES_MAX
            + " files and "
            + (Snapshot.BYTES_MAX >> 20)
            + " MiB (commit a smaller tree on a branch, and name that)");
  }

  private static boolean isPath(String path) {
    try {
      CodeFile.check(path);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static boolean hasUncommitted(Repository repository) throws GitAPIException {
    try (Git git = new Git(repository)) {
      Status status = git.status().call();
      return status.hasUncommittedChanges() || !status.getUntracked().isEmpty();
    } catch (NoWorkTreeException e) {
      return false;
    }
  }
}
