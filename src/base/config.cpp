#include "base/config.h"

#include <pwd.h>
#include <unistd.h>

#include <atomic>
#include <list>

#include "base/config_entries.h"
#include "base/environment.h"
#include "base/error.h"
#include "base/fork_safe.h"
#include "base/log.h"
#include "base/text.h"

namespace croton {

Config::Config() {
  for (std::size_t row = 0; row < config_size; ++row) {
    const ConfigEntry fallback{
        std::string(config_table[row].name), std::string(config_table[row].fallback), "default", {}, {}};
    values_[row] = read_config_value(config_table[row], fallback, {});
  }
}

std::vector<std::string> Config::arguments(ConfigKey<ConfigType::arguments> key) const {
  return *split_arguments(values_[key.row].text);  // checked when it was read
}

namespace {

// One key set to one value, its text already checked.
struct Setting {
  std::size_t row;
  ConfigValue value;
};

// -ffast-math links code that flips the whole process to flush-to-zero; the others change results beyond their bounds.
bool loosens_arithmetic(std::string_view flag) {
  for (const std::string_view kin :
       {"-ffast-math", "-Ofast", "-funsafe-math-optimizations", "-ffinite-math-only", "-fassociative-math",
        "-freciprocal-math", "-fno-signed-zeros", "-fcx-limited-range", "-ffp-contract=fast", "-mdaz-ftz"})
    if (flag == kin) return true;
  return false;
}

void drop_loose_flags(const ConfigEntry& entry, ConfigValue& value) {
  std::vector<std::string> kept;
  const std::vector<std::string> flags = *split_arguments(value.text);
  for (const std::string& flag : flags) {
    if (!loosens_arithmetic(flag)) {
      kept.push_back(flag);
      continue;
    }
    warn_once("dropped " + flag, fmt::format("{}: {} is dropped from gcc.cxxflags: it makes results wrong for NaN, "
                                             "infinity or small numbers",
                                             entry.value_spot.place, flag));
  }
  if (kept.size() < flags.size()) value.text = join_arguments(kept);
}

std::string did_you_mean(std::string_view nearest) {
  if (nearest.find('.') == std::string_view::npos) return fmt::format("did you mean '{}'?", nearest);
  return fmt::format("did you mean '{}', that is {} in [{}]?", nearest, option_of(nearest), section_of(nearest));
}

[[noreturn]] void refuse_key(const ConfigEntry& entry) {
  const std::string_view section = section_of(entry.key);
  std::vector<std::string_view> here, sections;
  for (const ConfigRow& row : config_table) {
    if (same_ignoring_case(section_of(row.name), section)) here.push_back(option_of(row.name));
    if (sections.empty() || sections.back() != section_of(row.name)) sections.push_back(section_of(row.name));
  }
  std::vector<std::string> hints;
  const std::string_view nearest = nearest_key(entry.key);
  if (!nearest.empty()) hints.push_back(did_you_mean(nearest));
  if (!here.empty())
    hints.push_back(fmt::format("keys of [{}]: {}", section, fmt::join(here, ", ")));
  else
    hints.push_back(fmt::format("sections: [{}]", fmt::join(sections, "], [")));
  refuse(entry.key_spot, fmt::format("unknown key '{}' (value '{}')", entry.key, entry.value), hints);
}

// A key of Theano's: says once why it does nothing. One without a value asked for nothing.
void mention_retired(const ConfigEntry& entry, const RetiredKey& key) {
  if (entry.value.empty()) return;
  const std::string_view nearest = key.name.back() == '*' ? nearest_key(entry.key) : std::string_view{};
  warn_once("key " + lower(entry.key), fmt::format("{}: {} does nothing here: {}{}", entry.key_spot.place, entry.key,
                                                   key.why, nearest.empty() ? "" : "; " + did_you_mean(nearest)));
}

// The key of faster elementary functions on the CPU, which no printed text knows yet.
void mention_fastmath(const ConfigEntry& entry) {
  warn_once("gcc.fastmath",
            fmt::format("{}: gcc.fastmath=True does nothing yet: elementary functions keep their stated error",
                        entry.key_spot.place));
}

std::vector<Setting> check_entries(const std::vector<ConfigEntry>& entries, std::string_view home) {
  std::vector<Setting> settings;
  std::map<std::string, const ConfigEntry*> seen;
  for (const ConfigEntry& entry : entries) {
    const std::size_t row = find_config_row(entry.key);
    const std::string name = row < config_size ? std::string(config_table[row].name) : lower(entry.key);
    if (const auto [first, fresh] = seen.emplace(name, &entry); !fresh)
      refuse(entry.key_spot, fmt::format("'{}' is set a second time (to '{}')", entry.key, entry.value),
             {fmt::format("first at {}, to '{}'", first->second->key_spot.place, first->second->value)});
    if (row < config_size) {
      settings.push_back({row, read_config_value(config_table[row], entry, home)});
      if (config_table[row].name == "gcc.cxxflags") drop_loose_flags(entry, settings.back().value);
      if (name == "gcc.fastmath" && settings.back().value.number != 0) mention_fastmath(entry);
    } else if (const RetiredKey* retired = find_retired_key(entry.key)) {
      mention_retired(entry, *retired);
    } else {
      refuse_key(entry);
    }
  }
  return settings;
}

void put(Config& config, const std::vector<Setting>& settings) {
  for (const Setting& s : settings) config.set(s.row, s.value);
}

std::string home_folder() {
  if (const auto home = environment_value("HOME"); home && !home->empty()) return *home;
  const passwd* me = ::getpwuid(::getuid());
  return me && me->pw_dir ? me->pw_dir : "";
}

std::string expand_home(std::string_view path, const std::string& home) {
  if (path == "~" || path.substr(0, 2) == "~/") return home + std::string(path.substr(1));
  return std::string(path);
}

}  // namespace

ConfigSources config_sources_of_process() {
  ConfigSources sources;
  sources.files = environment_value("CROTONRC");
  sources.flags = environment_value("CROTON_FLAGS").value_or("");
  sources.home = home_folder();
  for (const char* name : {"USER", "LSCRATCH", "TMPDIR", "TEMP", "TMP"}) {
    sources.names[lower(name)] = environment_value(name).value_or("");
  }
  if (sources.names["user"].empty()) sources.names["user"] = sources.home.substr(sources.home.rfind('/') + 1);
  sources.names["pid"] = std::to_string(::getpid());
  return sources;
}

std::vector<std::string> config_files(const ConfigSources& sources) {
  std::vector<std::string> paths;
  if (sources.files) {
    for (const std::string_view path : split(*sources.files, ':'))
      if (!trim(path).empty()) paths.push_back(expand_home(trim(path), sources.home));
  } else if (!sources.home.empty()) {
    paths = {sources.home + "/.crotonrc", sources.home + "/.crotonrc.txt"};
  }
  return paths;
}

Config load_config(const ConfigSources& sources) {
  Config config;
  for (const std::string& path : config_files(sources)) {
    const std::optional<std::string> text = read_config_file(path);
    if (text)
      put(config, check_entries(parse_config_text(*text, path, sources.names), sources.home));
    else if (sources.files)
      warn_once("missing " + path, fmt::format("{}: no such file, though CROTONRC names it", path));
  }
  put(config, check_entries(parse_config_flags(sources.flags, "CROTON_FLAGS"), sources.home));
  return config;
}

namespace {

// What the program has set, in order of time. Scope 0 is set_config's and stays.
struct Change {
  std::uint64_t scope;
  std::vector<Setting> settings;
};

class ProcessConfig {
 public:
  std::shared_ptr<const Config> snapshot() {
    load();
    const std::lock_guard lock(word_);
    if (!now_) {
      Config config = *loaded_;
      for (const Change& change : changes_) put(config, change.settings);
      now_ = std::make_shared<const Config>(std::move(config));
    }
    return now_;
  }

  // Throws before it changes anything. The entries are checked without the lock: a sink of warnings may ask for values.
  std::uint64_t change(const std::vector<ConfigEntry>& entries, bool scoped) {
    snapshot();
    std::vector<Setting> settings = check_entries(entries, home_);
    const std::lock_guard lock(word_);
    const std::uint64_t scope = scoped ? ++scopes_ : 0;
    if (settings.empty()) return scope;
    if (!scoped) forget_older(settings.front().row);
    changes_.push_back({scope, std::move(settings)});
    now_.reset();
    return scope;
  }

  // Allocates nothing: it runs in destructors.
  void end_scope(std::uint64_t scope) noexcept {
    const std::lock_guard lock(word_);
    changes_.remove_if([scope](const Change& c) { return c.scope == scope; });
    now_.reset();
  }

 private:
  // Reads without the lock: a sink of warnings may ask for values, and then finds them read, or reads them first.
  void load() {
    if (is_loaded_.load(std::memory_order_acquire)) return;
    const ConfigSources sources = config_sources_of_process();
    Config fresh = load_config(sources);
    const std::lock_guard lock(word_);
    if (loaded_) return;
    loaded_ = std::move(fresh);
    home_ = sources.home;
    is_loaded_.store(true, std::memory_order_release);
  }
  // set_config in a loop must not grow the list.
  void forget_older(std::size_t row) {
    changes_.remove_if([row](const Change& c) { return c.scope == 0 && c.settings.front().row == row; });
  }

  ForkSafeMutex word_;
  std::atomic<bool> is_loaded_{false};
  std::optional<Config> loaded_;
  std::string home_;
  std::list<Change> changes_;
  std::uint64_t scopes_ = 0;
  std::shared_ptr<const Config> now_;
};

// Never destroyed: global variables of the user's may outlive main.
ProcessConfig& process_config() {
  static auto* config = new ProcessConfig;
  return *config;
}

std::string with_place(const Where& where, std::string_view what) {
  const std::string at = place(where);
  return at.empty() ? std::string(what) : fmt::format("{}: {}", at, what);
}

}  // namespace

namespace {
thread_local const ConfigInUse* in_use = nullptr;
}

std::shared_ptr<const Config> config_snapshot() { return in_use ? in_use->used_ : process_config().snapshot(); }

ConfigInUse::ConfigInUse(std::shared_ptr<const Config> config) noexcept : used_(std::move(config)), outer_(in_use) {
  if (used_) in_use = this;
}

ConfigInUse::~ConfigInUse() {
  if (used_) in_use = outer_;
}

ScopedConfig::ScopedConfig(std::string_view flags, Where where) {
  std::vector<ConfigEntry> entries = parse_config_flags(flags, with_place(where, "ScopedConfig"));
  for (ConfigEntry& e : entries) e.source = with_place(where, "program");
  scope_ = process_config().change(entries, true);
}

ScopedConfig::~ScopedConfig() { process_config().end_scope(scope_); }

void set_config(std::string_view key, std::string_view value, Where where) {
  const ConfigSpot spot{with_place(where, "set_config"), {}};
  const std::string text(unquote(trim(value)));
  process_config().change({{config_key(key), text, with_place(where, "program"), spot, spot}}, false);
}

std::string config_value(std::string_view key) {
  const std::string name = config_key(key);
  const std::size_t row = find_config_row(name);
  if (row < config_size) return config_snapshot()->value(row).text;
  const std::string_view nearest = nearest_key(name);
  fail<ConfigError>("config_value: there is no key '{}'{}\n  keys: `croton config` lists them", name,
                    nearest.empty() ? "" : "\n  " + did_you_mean(nearest));
}

DType floatX() {
  const std::shared_ptr<const Config> config = config_snapshot();
  const std::string& name = config->text("floatX");
  return name == "float32" ? float32 : name == "float16" ? float16 : float64;
}

}  // namespace croton
