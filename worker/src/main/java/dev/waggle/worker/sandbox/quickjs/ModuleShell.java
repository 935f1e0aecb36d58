package dev.waggle.worker.sandbox.quickjs;

import io.roastedroot.quickjs4j.core.JavyPluginModule;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import run.endive.wasm.Parser;
import run.endive.wasm.WasmModule;
import run.endive.wasm.types.CodeSection;
import run.endive.wasm.types.ElementSection;
import run.endive.wasm.types.ExportSection;
import run.endive.wasm.types.FunctionBody;
import run.endive.wasm.types.FunctionSection;
import run.endive.wasm.types.GlobalSection;
import run.endive.wasm.types.ImportSection;
import run.endive.wasm.types.MemorySection;
import run.endive.wasm.types.Section;
import run.endive.wasm.types.SectionId;
import run.endive.wasm.types.TableSection;
import run.endive.wasm.types.TypeSection;

/**
 * The module of QuickJS without what is there in other forms, and takes long to read: the code,
 * which is compiled to a class, and the first contents of the memory.
 */
final class ModuleShell {
  private static final int[] SECTIONS = {
    SectionId.TYPE,
    SectionId.IMPORT,
    SectionId.FUNCTION,
    SectionId.TABLE,
    SectionId.MEMORY,
    SectionId.GLOBAL,
    SectionId.EXPORT,
    SectionId.ELEMENT
  };

  private final WasmModule.Builder module = WasmModule.builder();

  private ModuleShell() {}

  /** All of the module as it is in its jar. */
  static byte[] bytes() throws IOException {
    try (InputStream in = JavyPluginModule.class.getResourceAsStream("JavyPluginModule.meta")) {
      if (in == null) {
        throw new IOException("the module of QuickJS is not in its jar");
      }
      return in.readAllBytes();
    }
  }

  /** The shell of the module. */
  static WasmModule of(byte[] bytes) {
    Parser.Builder parser = Parser.builder();
    for (int each : SECTIONS) {
      parser.includeSectionId(each);
    }
    ModuleShell shell = new ModuleShell();
    parser.build().parse(new ByteArrayInputStream(bytes), shell::add);
    // It was validated when its class was made.
    return shell.module.withValidation(false).withDigest("").build();
  }

  private void add(Section section) {
    if (section instanceof TypeSection types) {
      module.setTypeSection(types);
    } else if (section instanceof ImportSection imports) {
      module.setImportSection(imports);
    } else if (section instanceof FunctionSection functions) {
      module.setFunctionSection(functions).setCodeSection(bodies(functions.functionCount()));
    } else if (section instanceof TableSection tables) {
      module.setTableSection(tables);
    } else if (section instanceof MemorySection memories) {
      module.setMemorySection(memories);
    } else if (section instanceof GlobalSection globals) {
      module.setGlobalSection(globals);
    } else if (section instanceof ExportSection exports) {
      module.setExportSection(exports);
    } else if (section instanceof ElementSection elements) {
      module.setElementSection(elements);
    }
  }

  /** As many as there are functions; nobody looks at them. */
  private static CodeSection bodies(int count) {
    FunctionBody none = new FunctionBody(List.of(), List.of());
    CodeSection.Builder code = CodeSection.builder();
    for (int i = 0; i < count; i++) {
      code.addFunctionBody(none);
    }
    return code.build();
  }
}
