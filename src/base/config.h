// The configuration as the library reads it: one immutable snapshot of all keys, so that a compilation sees one state
// of it whatever other threads set meanwhile. Reading it opens no device. Rules: docs/config.md.
#pragma once
#include <array>
#include <map>
#include <memory>
#include <optional>

#include "base/config_table.h"
#include "croton/config.h"

namespace croton {

/// A value for every key.
class Config {
 public:
  /// The defaults.
  Config();
  /// openmp, check_ir, ...: config->flag("openmp").
  bool flag(FlagKey key) const { return values_[key.row].number != 0; }
  /// In the row's unit: config->number("compile.timeout") is seconds.
  Index number(NumberKey key) const { return values_[key.row].number; }
  /// Choices in the table's spelling, devices in lower case, the rest as written: config->text("mode") == "FAST_RUN".
  const std::string& text(TextKey key) const { return values_[key.row].text; }
  /// gcc.cxxflags and blas.ldflags as an argv.
  std::vector<std::string> arguments(ConfigKey<ConfigType::arguments> key) const;

  const ConfigValue& value(std::size_t row) const { return values_[row]; }
  void set(std::size_t row, ConfigValue value) { values_[row] = std::move(value); }

 private:
  std::array<ConfigValue, config_size> values_;
};

/// What all of the configuration is now. Cheap (a lock and a counted pointer), but not for a function's call: take it
/// when a function is made. The first use reads files and environment; throws ConfigError where they are wrong.
std::shared_ptr<const Config> config_snapshot();

/// While one of these lives, its thread reads this snapshot, whatever is set meanwhile: all steps of a compilation see
/// the configuration that function() began with. Null changes nothing.
class ConfigInUse {
 public:
  explicit ConfigInUse(std::shared_ptr<const Config>) noexcept;
  ~ConfigInUse();
  ConfigInUse(const ConfigInUse&) = delete;
  ConfigInUse& operator=(const ConfigInUse&) = delete;

 private:
  std::shared_ptr<const Config> used_;
  const ConfigInUse* outer_;
  friend std::shared_ptr<const Config> config_snapshot();
};

/// Where a configuration comes from, apart from the program.
struct ConfigSources {
  std::optional<std::string> files;          ///< CROTONRC: paths between ':'; later ones win; empty means no file
  std::string flags;                         ///< CROTON_FLAGS
  std::string home;                          ///< what `~` stands for; "" where unknown
  std::map<std::string, std::string> names;  ///< what %(user)s and its kin stand for
};
ConfigSources config_sources_of_process();
/// The files to read in order, the strongest last: those of CROTONRC, else ~/.crotonrc and ~/.crotonrc.txt.
std::vector<std::string> config_files(const ConfigSources&);
/// Reads them all. Warns about Theano's keys that do nothing, about files that others may write, and about files of
/// CROTONRC that are missing. Throws ConfigError.
Config load_config(const ConfigSources&);

}  // namespace croton
