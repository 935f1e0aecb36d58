package dev.waggle.node.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Reads the fields of a request's JSON object; a wrong one is an error that names it. */
final class JsonFields {
  private final JsonNode object;
  private final String prefix;

  JsonFields(JsonNode object) {
    this(object, "");
  }

  JsonFields(JsonNode object, String prefix) {
    if (!object.isObject()) {
      throw wrong(prefix.isEmpty() ? "the body" : prefix, "has to be a JSON object");
    }
    this.object = object;
    this.prefix = prefix.isEmpty() ? "" : prefix + ".";
  }

  static ApiException wrong(String param, String what) {
    return new ApiException(ApiError.badRequest(param + " " + what, param));
  }

  /** A moment as the API writes and takes it. */
  static Instant moment(String param, String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeParseException e) {
      throw wrong(param, "has to be a time like 2026-11-01T00:00:00Z");
    }
  }

  private boolean has(String name) {
    return object.hasNonNull(name);
  }

  String text(String name) {
    if (!has(name)) {
      throw wrong(prefix + name, "is missing");
    }
    return text(name, "");
  }

  String text(String name, String fallback) {
    if (!has(name)) {
      return fallback;
    }
    if (!object.get(name).isTextual()) {
      throw wrong(prefix + name, "has to be a text");
    }
    return object.get(name).textValue();
  }

  boolean flag(String name, boolean fallback) {
    if (!has(name)) {
      return fallback;
    }
    if (!object.get(name).isBoolean()) {
      throw wrong(prefix + name, "has to be true or false");
    }
    return object.get(name).booleanValue();
  }

  OptionalInt integer(String name, int least) {
    OptionalLong number = number(name);
    if (number.isPresent()
        && (number.getAsLong() < least || number.getAsLong() > Integer.MAX_VALUE)) {
      throw wrong(prefix + name, "has to be " + least + " or more");
    }
    return number.isPresent() ? OptionalInt.of((int) number.getAsLong()) : OptionalInt.empty();
  }

  OptionalInt integer(String name, int least, int most) {
    OptionalInt number = integer(name, least);
    if (number.isPresent() && number.getAsInt() > most) {
      throw wrong(prefix + name, "has to be " + least + " to " + most);
    }
    return number;
  }

  OptionalLong number(String name) {
    if (!has(name)) {
      return OptionalLong.empty();
    }
    if (!object.get(name).isIntegralNumber() || !object.get(name).canConvertToLong()) {
      throw wrong(prefix + name, "has to be a whole number");
    }
    return OptionalLong.of(object.get(name).longValue());
  }

  OptionalDouble decimal(String name, double least, double most) {
    if (!has(name)) {
      return OptionalDouble.empty();
    }
    JsonNode value = object.get(name);
    if (!value.isNumber() || !(value.doubleValue() >= least && value.doubleValue() <= most)) {
      throw wrong(prefix + name, "has to be a number from " + least + " to " + most);
    }
    return OptionalDouble.of(value.doubleValue());
  }

  List<JsonNode> array(String name) {
    if (!has(name)) {
      throw wrong(prefix + name, "is missing");
    }
    if (!object.get(name).isArray()) {
      throw wrong(prefix + name, "has to be an array");
    }
    List<JsonNode> elements = new ArrayList<>();
    object.get(name).forEach(elements::add);
    return elements;
  }

  /** The elements; none when it is not there. */
  List<JsonNode> optionalArray(String name) {
    return has(name) ? array(name) : List.of();
  }

  /** Whatever is there; a missing node when nothing is. */
  JsonNode node(String name) {
    return object.path(name);
  }

  /** A text, or an array of texts; empty when it is not there. */
  List<String> texts(String name, int most) {
    if (!has(name)) {
      return List.of();
    }
    if (object.get(name).isTextual()) {
      return List.of(object.get(name).textValue());
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode each : array(name)) {
      if (!each.isTextual() || texts.size() == most) {
        throw wrong(prefix + name, "has to be a text or up to " + most + " texts");
      }
      texts.add(each.textValue());
    }
    return texts;
  }

  /** The object under a name; an empty one when it is not there. */
  JsonFields object(String name) {
    return has(name)
        ? new JsonFields(object.get(name), prefix + name)
        : new JsonFields(JsonNodeFactory.instance.objectNode(), prefix + name);
  }

  /** Refuses a field that asks for something this node cannot do. */
  void refuse(String name, String what) {
    boolean empty =
        !has(name)
            || (object.get(name).isContainerNode() && object.get(name).isEmpty())
            || (object.get(name).isBoolean() && !object.get(name).booleanValue())
            || (object.get(name).isTextual() && object.get(name).textValue().isEmpty());
    if (!empty) {
      throw wrong(prefix + name, "is not supported: " + what);
    }
  }
}
