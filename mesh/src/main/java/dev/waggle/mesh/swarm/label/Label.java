package dev.waggle.mesh.swarm.label;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * A word that a request carries and that decides where it may run.
 *
 * <ul>
 *   <li>A word without a colon, like {@code team-a}, and {@code owner:NAME}: both the requester and
 *       the worker have to hold it by their certificates.
 *   <li>{@code lan-only}: worker and requester are on one local network.
 *   <li>{@code owner:self}: the worker belongs to whom the requester belongs, which is so when both
 *       hold the same {@code owner:NAME}, or are one node.
 *   <li>Any other word with a colon, like {@code repo:acme/shop}: says what the request is about;
 *       owners may refuse it.
 * </ul>
 *
 * @param text 1 to {@value #CHARACTERS_MAX} small letters, digits and {@code . _ - /}, perhaps with
 *     one colon in between
 */
public record Label(String text) implements Comparable<Label> {
  /** The longest label, in characters. */
  public static final int CHARACTERS_MAX = 48;

  /** The most labels of one request. */
  public static final int OF_REQUEST_MAX = 16;

  /** The most labels of one certificate. */
  public static final int OF_CERTIFICATE_MAX = 8;

  private static final String OWNER = "owner:";
  private static final String WORD = "[a-z0-9][a-z0-9._/-]*";
  private static final Pattern FORM = Pattern.compile(WORD + "(?::" + WORD + ")?");

  /** Keeps a request on the local network. */
  public static final Label LAN_ONLY = new Label("lan-only");

  /** Keeps a request on the machines of whom the requester belongs to. */
  public static final Label OWNER_SELF = new Label("owner:self");

  public Label {
    if (!isLabel(text)) {
      throw new IllegalArgumentException(
          "a label has 1 to "
              + CHARACTERS_MAX
              + " small letters, digits and . _ - /, perhaps with one colon in between, like"
              + " team-a or repo:acme/shop");
    }
  }

  /** Whether a text is a label. */
  public static boolean isLabel(String text) {
    return text.length() <= CHARACTERS_MAX && FORM.matcher(text).matches();
  }

  /**
   * The labels of these texts, each once.
   *
   * @throws IllegalArgumentException naming the text that is none, or if there are too many
   */
  public static Set<Label> all(Collection<String> texts, int most) {
    Set<Label> labels = new TreeSet<>();
    for (String each : texts) {
      try {
        labels.add(new Label(each));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("\"" + each + "\" is no label: " + e.getMessage(), e);
      }
    }
    if (labels.size() > most) {
      throw new IllegalArgumentException("there are at most " + most + " labels");
    }
    return labels;
  }

  /** The texts of labels, in the order of the alphabet. */
  public static List<String> texts(Collection<Label> labels) {
    List<String> texts = new ArrayList<>();
    labels.stream().sorted().forEach(each -> texts.add(each.text()));
    return texts;
  }

  /** Whether a certificate grants it. */
  public boolean isGranted() {
    boolean plain = text.indexOf(':') < 0 && !equals(LAN_ONLY);
    return plain || (isOwner() && !equals(OWNER_SELF));
  }

  /** Whether it says whose a node is. */
  boolean isOwner() {
    return text.startsWith(OWNER);
  }

  @Override
  public int compareTo(Label other) {
    return text.compareTo(other.text);
  }

  @Override
  public String toString() {
    return text;
  }
}
