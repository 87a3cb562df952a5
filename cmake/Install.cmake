# Installs libraries and headers, and exports the package that find_package(spreadable) reads.
install(TARGETS spreadable_core spreadable_services
  EXPORT spreadable-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY core services
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/spreadable
  FILES_MATCHING PATTERN "*.h" PATTERN "detail" EXCLUDE)
install(EXPORT spreadable-targets
  NAMESPACE spreadable::
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/spreadable)
configure_package_config_file(cmake/spreadable-config.cmake.in
  ${PROJECT_BINARY_DIR}/spreadable-config.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/spreadable)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/spreadable-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/spreadable-config.cmake
  ${PROJECT_BINARY_DIR}/spreadable-config-version.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/spreadable)
if(TARGET spreadable_cli)
  install(TARGETS spreadable_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
