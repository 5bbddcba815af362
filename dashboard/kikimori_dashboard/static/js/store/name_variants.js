// Text as it is looked up on the pages: widths, case, spaces, and the ways in which letters of Japanese names are written as one.

/** Letters that are one, the first stands for the others: those of kikimori_records/search/name_variants.toml. */
const GROUPS = `
高髙 崎﨑嵜 辺邉邊 斎齋 斉齊 浜濱濵 吉𠮷 徳德 桑桒 柳栁桺 昇曻 鶴靏靍 橋槗 沢澤 広廣 国國 関關 桜櫻 竜龍⻯ 滝瀧 島嶋嶌 恵惠 栄榮 塩鹽 蔵藏 万萬 富冨 峰峯 秋穐 館舘 条條 県縣 宝寶 円圓 与與 礼禮 真眞
静靜 清淸 青靑⻘ 彦彥 郎郞 黒黑 緑綠 横橫 瀬瀨 増增 寛寬 温溫 教敎 戸戶 内內 亀龜⻲ 鉄鐵鐡 豊豐 壮壯 実實 寿壽 尭堯 槙槇 遥遙 祢禰 弥彌 桧檜 薮藪 篭籠 芦蘆 蛍螢 鴎鷗 鴬鶯 剣劍劔 応應 学學 楽樂 継繼
権權 厳嚴 参參 児兒 従從 渋澁澀 数數 声聲 浅淺 双雙 総總 昼晝 伝傳 独獨 来來 歩步 会會 仏佛 曽曾 凛凜 巌巖 稲稻 絵繪 奥奧 頼賴 兎兔 場塲 土圡 角⻆ 長⻑ 西⻄ 黄黃⻩ 枡桝 野埜 船舩 松枩 穂穗 喜㐂 薫薰
勲勳 鎮鎭 衛衞 満滿 将將 荘莊 弐貳 壱壹 乗乘 亜亞 暁曉 粛肅 称稱 慎愼 図圖 台臺 灯燈 当當 誉譽 涼凉 艶艷 栃杤 岳嶽 渕淵渊 鯵鰺 蒋蔣 珍珎 頴穎 晩晚 糸絲 麦麥 覚覺 観觀 顕顯 済濟 縄繩 譲讓 粋粹 随隨
禅禪 対對 団團 断斷 虫蟲 点點 党黨 並竝 薬藥 予豫 励勵 齢齡 炉爐 楼樓 湾灣 芸藝 旧舊 鉱鑛 検檢 気氣 経經
`;

/** @type {Map<string, string>} */
const first = new Map();
for (const group of GROUPS.trim().split(/\s+/)) {
  const [kept, ...others] = group;
  for (const each of others) first.set(each, kept);
}

/** Marks that choose among the shapes of a letter, and spaces. */
const NOTHING = /[\s\ufe00-\ufe0f\u{e0100}-\u{e01ef}]+/gu;

/**
 * The text as it is compared; never shown.
 * @param {unknown} text
 */
export const plain = (text) => [...String(text ?? "").normalize("NFKC").toLowerCase().replace(NOTHING, "")].map((each) => first.get(each) ?? each).join("");
