import { isJsonObject, parseJson, type JsonValue } from '#main/qmp/json.ts';

/**
 * The path in a filename as QEMU prints it, where it is a file of the host: `/a.qcow2`, `file:a:b.raw`, or a node's options
 * as `json:{"driver":"raw","file":{"driver":"file","filename":"/a.raw"}}`. `undefined` for what is reached by another protocol.
 */
export function pathOfImage(filename: string): string | undefined {
  if (filename.startsWith('json:')) return pathInOptions(readOptions(filename.slice('json:'.length)));
  if (/^(?:file|host_device|host_cdrom):/.test(filename)) return filename.replace(/^[a-z_]+:/, '');
  // block.c, path_has_protocol: a colon before the first slash.
  const colon = filename.indexOf(':');
  const slash = filename.indexOf('/');
  const hasProtocol = colon >= 0 && (slash < 0 || colon < slash);
  return hasProtocol || filename === '' ? undefined : filename;
}

function pathInOptions(options: JsonValue | undefined): string | undefined {
  if (typeof options === 'string') return undefined;
  if (!isJsonObject(options)) return undefined;
  const { driver, filename, file } = options;
  const isLocal = driver === undefined || driver === 'file' || driver === 'host_device' || driver === 'host_cdrom';
  if (isLocal && typeof filename === 'string') return filename;
  return pathInOptions(file);
}

function readOptions(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch {
    // Not what QEMU prints; then it is no path that we know.
    return undefined;
  }
}
