package dev.waggle.mesh.libp2p.muxer.yamux;

import dev.waggle.mesh.libp2p.MalformedFrameException;
import io.netty.buffer.ByteBuf;

/** The header of a Yamux frame. */
record Frame(Type type, int flags, int stream, int length) {
  static final int HEADER_BYTES = 12;
  static final int SYN = 1;
  static final int ACK = 2;
  static final int FIN = 4;
  static final int RST = 8;

  private static final int ALL_FLAGS = SYN | ACK | FIN | RST;

  enum Type {
    DATA(0),
    WINDOW_UPDATE(1),
    PING(2),
    GO_AWAY(3);

    private final int code;

    Type(int code) {
      this.code = code;
    }

    static Type ofCode(int code) throws MalformedFrameException {
      for (Type type : values()) {
        if (type.code == code) {
          return type;
        }
      }
      throw new MalformedFrameException("an unknown yamux frame type");
    }
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  void write(ByteBuf to) {
    to.writeByte(0).writeByte(type.code).writeShort(flags).writeInt(stream).writeInt(length);
  }

  static Frame read(ByteBuf from) throws MalformedFrameException {
    int version = from.readUnsignedByte();
    Type type = Type.ofCode(from.readUnsignedByte());
    int flags = from.readUnsignedShort();
    int stream = from.readInt();
    int length = from.readInt();
    if (version != 0 || (flags & ~ALL_FLAGS) != 0) {
      throw new MalformedFrameException("an unknown yamux version or flag");
    }
    Frame frame = new Frame(type, flags, stream, length);
    boolean ofSession = frame.type == Type.PING || frame.type == Type.GO_AWAY;
    if (ofSession != (stream == 0)) {
      throw new MalformedFrameException("a yamux frame for the wrong stream");
    }
    if (!ofSession && length < 0) {
      throw new MalformedFrameException("a yamux length is too large");
    }
    return frame;
  }
}
