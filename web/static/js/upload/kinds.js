/** Judges a file by its name and size before anything is sent; what is inside is judged later. */

/** Project files and slides: ending → the program that exports a film from it. */
export const PROJECTS = Object.freeze({
  ...endings("PowerPoint", "ppt pptx pptm pps ppsx potx"),
  ...endings("Keynote", "key"),
  ...endings("LibreOffice Impress", "odp"),
  ...endings("Adobe Premiere Pro", "prproj"),
  ...endings("Adobe After Effects", "aep aepx"),
  ...endings("Vegas Pro", "veg"),
  ...endings("Final Cut Pro", "fcpbundle fcpxml fcpxmld"),
  ...endings("iMovie", "imovieproj imovielibrary imoviemobile"),
  ...endings("DaVinci Resolve", "drp dra"),
  ...endings("Kdenlive", "kdenlive"),
  ...endings("Shotcut", "mlt"),
  ...endings("OpenShot", "osp"),
  ...endings("Camtasia", "camproj tscproj cmproj trec"),
  ...endings("Windows Movie Maker", "wlmp mswmm"),
  ...endings("PowerDirector", "pds pdrproj"),
  ...endings("Filmora", "wve wfp"),
  ...endings("Blender", "blend"),
});

/** Files that are surely no film: ending → what the reader calls it, a key of the page's words. */
const OTHERS = Object.freeze({
  ...endings("picture", "jpg jpeg png gif webp heic heif svg bmp tif tiff psd ai"),
  ...endings("pdf", "pdf"),
  ...endings("document", "doc docx odt rtf xls xlsx ods csv pages numbers"),
  ...endings("text", "txt md"),
  ...endings("archive", "zip rar 7z gz tar"),
  ...endings("subtitles", "srt vtt ass ssa sub"),
  ...endings("web_page", "htm html url webloc"),
  ...endings("program", "exe msi dmg apk"),
  ...endings("sound", "mp3 wav m4a aac flac ogg oga opus wma aif aiff"),
});

/** @param {string} what @param {string} list @returns {Record<string, string>} */
function endings(what, list) {
  return Object.fromEntries(list.split(" ").map((ending) => [`.${ending}`, what]));
}

/**
 * Why this file should not be sent, as a key of the page's words with its values; or null.
 * @param {{ name: string, size: number }} file
 * @param {number} maxBytes
 * @returns {{ code: string, values: Record<string, string | number> } | null}
 */
export function refusal(file, maxBytes) {
  const ending = file.name.slice(file.name.lastIndexOf(".")).toLowerCase();
  const application = Object.hasOwn(PROJECTS, ending) ? PROJECTS[ending] : undefined;
  if (application) return { code: "export_first", values: { application } };
  const found = Object.hasOwn(OTHERS, ending) ? OTHERS[ending] : undefined;
  if (found === "sound") return { code: "no_picture", values: {} };
  if (found) return { code: "not_a_video", values: { found } };
  if (file.size === 0) return { code: "empty", values: {} };
  if (file.size > maxBytes) return { code: "too_large", values: { size: file.size, limit: maxBytes } };
  return null;
}
