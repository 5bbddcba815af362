// Names of people as one speaks of them.

import { current } from "./i18n.js";

const TITLED = /(長|主任|リーダー|マネージャー|SV|さん|様)$/;

/**
 * In Japanese with さん, unless a title stands at the end: "木村さん", "高橋 課長".
 * @param {string} name
 */
export const spoken = (name) => (current() === "ja" && !TITLED.test(name) ? `${name}さん` : name);
