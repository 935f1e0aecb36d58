@NullMarked
package dev.waggle.node.git;

import org.jspecify.annotations.NullMarked;
