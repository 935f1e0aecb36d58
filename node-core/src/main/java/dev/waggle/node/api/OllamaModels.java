package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.mesh.swarm.capability.Ability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import java.util.Collection;
import java.util.Locale;
import java.util.Set;

/**
 * Models as Ollama describes them: the bodies of {@code /api/tags}, {@code /api/ps} and {@code
 * /api/show}. What the swarm does not know of a model is empty.
 */
final class OllamaModels {
  private static final String UNKNOWN_TIME = "1970-01-01T00:00:00Z";
  private static final long MILLION = 1_000_000;

  /** Clients look for the context under the architecture's name; it is not advertised. */
  private static final String ARCHITECTURE = "waggle";

  private OllamaModels() {}

  static ObjectNode tags(Collection<ModelOffer> models) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    var all = body.putArray("models");
    models.forEach(model -> describe(all.addObject(), model).put("modified_at", UNKNOWN_TIME));
    return body;
  }

  /** Those that are in the memory of a node. */
  static ObjectNode loaded(Collection<ModelOffer> models) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    var all = body.putArray("models");
    models.stream()
        .filter(ModelOffer::loaded)
        .forEach(
            model ->
                describe(all.addObject(), model)
                    .put("expires_at", UNKNOWN_TIME)
                    .put("size_vram", model.accelerated() ? model.sizeBytes() : 0)
                    .put("context_length", model.contextTokens()));
    return body;
  }

  static ObjectNode show(ModelOffer model) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    // Editors look into the template for the place of a suffix.
    String template =
        model.abilities().contains(Ability.INSERT) ? "{{ .Prompt }}{{ .Suffix }}" : "{{ .Prompt }}";
    body.put("license", "").put("modelfile", "").put("parameters", "").put("template", template);
    body.put("modified_at", UNKNOWN_TIME);
    details(body, model);
    ObjectNode info = body.putObject("model_info").put("general.architecture", ARCHITECTURE);
    if (model.parameters() > 0) {
      info.put("general.parameter_count", model.parameters() * MILLION);
    }
    if (model.contextTokens() > 0) {
      info.put(ARCHITECTURE + ".context_length", model.contextTokens());
    }
    var capabilities = body.putArray("capabilities");
    Set<Ability> abilities =
        model.abilities().isEmpty() ? Set.of(Ability.COMPLETION) : model.abilities();
    abilities.stream()
        .sorted()
        .forEach(each -> capabilities.add(each.name().toLowerCase(Locale.ROOT)));
    return body;
  }

  private static ObjectNode describe(ObjectNode entry, ModelOffer model) {
    entry.put("name", model.name()).put("model", model.name()).put("size", model.sizeBytes());
    entry.put("digest", model.digest().replaceFirst("^sha256:", ""));
    details(entry, model);
    return entry;
  }

  private static void details(ObjectNode of, ModelOffer model) {
    ObjectNode details = of.putObject("details");
    details.put("parent_model", "").put("format", "gguf").put("family", "");
    details.putArray("families");
    details.put("parameter_size", size(model.parameters())).put("quantization_level", "");
  }

  /** As people write it: 8.0B, 350M. */
  private static String size(long parameters) {
    if (parameters == 0) {
      return "";
    }
    return parameters < 1_000
        ? parameters + "M"
        : String.format(Locale.ROOT, "%.1fB", parameters / 1_000.0);
  }
}
